//! The lab's essay: what the captures show of each point that it is to address.
//!
//! Facts and where they stand, no words: how names and addresses were resolved ([`Resolution`]), which
//! endpoints there are ([`Ends`]), how one port held many connections ([`Crowd`]), what TCP and UDP
//! cost ([`Cost`], [`Effort`]), and which frames an [`Exchange`] takes. What the captures do not show is
//! empty or `None`.

mod citation;
mod cost;
mod crowd;
mod effort;
mod ends;
mod exchange;
mod resolution;

pub use self::citation::Citation;
pub use self::cost::{Cost, Part, Piece};
pub use self::crowd::{Crowd, Member};
pub use self::effort::{Effort, Share};
pub use self::ends::{Chosen, End, Ends};
pub use self::exchange::{Exchange, ExchangeKind};
pub use self::resolution::{AddressUse, FoundLookup, FoundNeighbour, Resolution};

use super::{Analysis, Connection, Story};
use crate::trace::Survey;

/// What the captures show of each point of the essay.
#[derive(Clone, Debug)]
pub struct Essay {
    /// How names and addresses were resolved.
    pub resolution: Resolution,
    /// Which endpoints there are.
    pub ends: Ends,
    /// How the server's port held many connections.
    pub crowd: Crowd,
    /// What the connection of client1 took beside its messages.
    pub effort: Option<Effort>,
    /// What one message to the room cost.
    pub room: Option<Cost>,
    /// What one private message cost.
    pub private: Option<Cost>,
    /// A client's arrival, a room message and a private message, as far as they are there.
    pub exchanges: Vec<Exchange>,
}

impl Essay {
    /// Finds the facts. `surveys` has one a trace; the story is that of the same captures.
    pub fn new(analysis: &Analysis, story: &Story, surveys: &[Survey]) -> Self {
        let connection = Connection::find(&analysis.roles, &analysis.traces);
        let room = Cost::room(&analysis.roles, story, surveys);
        let private = Cost::private(&analysis.roles, story, surveys);
        let resolution = Resolution::new(analysis, surveys);
        let messages = [&room, &private].map(|cost| cost.as_ref().map(|cost| cost.entry));
        let exchanges = Exchange::all(analysis, story, surveys, connection, &resolution, messages);
        Self {
            ends: Ends::new(analysis, surveys),
            crowd: Crowd::new(analysis),
            effort: connection.and_then(|connection| Effort::new(connection, surveys)),
            resolution,
            room,
            private,
            exchanges,
        }
    }
}
