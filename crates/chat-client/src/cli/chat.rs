//! The chat itself: events to the screen, lines to the room.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::thread;

use chat_client::{
    Config, ConnectError, Dialect, EndReason, Entry, Event, Events, Gone, Handle, Refusal, SignIn,
};
use tokio::sync::mpsc;

use super::failure::{Failure, Status};
use super::input::{self, Input};
use super::line::{HELP, Line};
use super::options::Options;
use super::paint::Paint;
use super::prompt::Modes;
use super::screen::Screen;
use super::sign_in::{self, Known};
use super::signals::Signals;
use super::{show, terminal, tls};

/// Answers of the program itself that wait to be shown.
const REPLIES: usize = 64;

/// What the question for name and password gave; `None`: the user has enough.
type Asked = Result<Option<(Known, SignIn)>, Failure>;

/// What the standard input is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing yet.
    Entering,
    /// The answer to a question.
    Asking,
    /// Lines of the chat.
    Chatting,
}

/// The chat, from connecting to leaving.
#[derive(Debug)]
pub(super) struct Chat {
    options: Options,
    paint: Paint,
    screen: Screen,
    modes: Modes,
    known: Known,
    // Whether both ends are a terminal, so that one may ask.
    interactive: bool,
    handle: Handle,
    replies: mpsc::Sender<String>,
    asked: mpsc::Sender<Asked>,
    stage: Stage,
    // Whether something that was sent did not arrive.
    lost: bool,
}

impl Chat {
    /// Chats until the end.
    pub(super) async fn run(options: Options) -> Result<ExitCode, Failure> {
        let known = Known::new(&options)?;
        let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
        if known.name.is_none() && !interactive {
            return Err(sign_in::no_name());
        }
        let mut config = Config::new(options.server.clone());
        config.sign_in = known.ready();
        config.udp_port = options.udp_port;
        config.tls = tls::trusted(&options)?;
        if options.lab {
            config.dialect = Dialect::Lab;
        }
        let paint = Paint::new(options.color);
        let mut screen = Screen::new();
        if interactive {
            screen.print(&paint.notice(&format!("* connecting to {}", options.server)));
        }
        let mut signals = Signals::new()?;
        let connected = tokio::select! {
            connected = chat_client::connect(config) => connected,
            () = signals.next() => return Ok(ExitCode::from(Status::Ended as u8)),
        };
        let (handle, events) = connected.map_err(|error| unreachable(&error))?;
        let (replies, shown) = mpsc::channel(REPLIES);
        let (asked, answers) = mpsc::channel(1);
        let chat = Self {
            options,
            paint,
            screen,
            modes: Modes::save(),
            known,
            interactive,
            handle,
            replies,
            asked,
            stage: Stage::Entering,
            lost: false,
        };
        chat.talk(events, shown, answers, signals).await
    }

    async fn talk(
        mut self,
        mut events: Events,
        mut shown: mpsc::Receiver<String>,
        mut answers: mpsc::Receiver<Asked>,
        mut signals: Signals,
    ) -> Result<ExitCode, Failure> {
        let mut leaving = false;
        loop {
            tokio::select! {
                event = events.next() => match event {
                    None => {
                        self.show_rest(&mut shown);
                        return Ok(self.left());
                    }
                    Some(Event::Ended { reason }) => {
                        self.show_rest(&mut shown);
                        return self.ended(&reason);
                    }
                    Some(Event::SignInWanted { entry, refused }) => {
                        self.sign_in(entry, refused).await?;
                    }
                    Some(event) => self.happened(&event),
                },
                Some(line) = shown.recv() => self.screen.print(&line),
                Some(answer) = answers.recv() => {
                    self.stage = Stage::Entering;
                    let Some((known, sign_in)) = answer? else {
                        return Ok(ExitCode::from(Status::Ended as u8));
                    };
                    self.known = known;
                    // If the client has ended, its last event says why.
                    let _sent = self.handle.sign_in(sign_in).await;
                }
                () = signals.next() => {
                    if leaving || self.stage != Stage::Chatting {
                        self.close_editor();
                        if self.stage == Stage::Asking {
                            self.screen.print("");
                        }
                        return Ok(ExitCode::from(Status::Ended as u8));
                    }
                    leaving = true;
                    // Asked for beside, since events must be read meanwhile.
                    let handle = self.handle.clone();
                    tokio::spawn(async move { handle.quit().await });
                }
            }
            if self.screen.is_closed() {
                return Ok(self.left());
            }
        }
    }

    /// Shows the answers that were given before the end and wait to be shown.
    fn show_rest(&mut self, shown: &mut mpsc::Receiver<String>) {
        while let Ok(line) = shown.try_recv() {
            self.screen.print(&line);
        }
    }

    fn happened(&mut self, event: &Event) {
        self.lost |= matches!(event, Event::NotSaid { .. } | Event::NotDelivered { .. });
        if let Some(line) = show::event(event, self.paint) {
            self.screen.print(&line);
        }
        if let Event::Entered { udp: Some(udp), .. } = event
            && self.options.lab
            && *udp != chat_proto::lab::UDP_PORT
        {
            let text = "* the lab's programs only send to UDP port 5000, which is taken here: \
                        private messages of others do not reach you";
            self.screen.print(&self.paint.warning(text));
        }
        if let Event::Roster { .. } = event {
            let line = self
                .handle
                .with_roster(|roster| show::here(roster, self.paint));
            self.screen.print(&line);
            if self.stage != Stage::Chatting {
                self.stage = Stage::Chatting;
                self.read();
            }
        }
    }

    async fn sign_in(&mut self, entry: Entry, refused: Option<Refusal>) -> Result<(), Failure> {
        if self.stage == Stage::Chatting
            && let Some(refusal) = &refused
        {
            self.close_editor();
            return Err(sign_in::refuse(refusal));
        }
        if entry == Entry::Open && refused.is_none() && self.known.name.is_some() {
            let answer = self.known.answer(entry, None)?;
            let _sent = self.handle.sign_in(answer).await;
            return Ok(());
        }
        if !self.interactive {
            let answer = self.known.answer(entry, refused.as_ref())?;
            let _sent = self.handle.sign_in(answer).await;
            return Ok(());
        }
        if self.stage == Stage::Entering {
            self.stage = Stage::Asking;
            let (known, asked) = (self.known.clone(), self.asked.clone());
            thread::spawn(move || {
                // Nobody waits for the answer of one who left meanwhile.
                let _sent = asked.blocking_send(known.ask(entry, refused.as_ref()));
            });
        }
        Ok(())
    }

    /// Begins to read lines, once there is a room for them.
    fn read(&mut self) {
        let (sender, inputs) = mpsc::channel(input::WAITING);
        let handle = self.handle.clone();
        let own = handle.with_roster(|roster| roster.own().map(str::to_owned));
        let prompt = format!("{}> ", own.unwrap_or_default());
        let history = self.options.history.clone();
        let editor = if self.interactive {
            terminal::start(handle.clone(), prompt, history, sender.clone())
        } else {
            None
        };
        match editor {
            Some(editor) => {
                self.screen.attach(editor);
                self.screen
                    .print(&self.paint.notice("* #help lists the commands"));
            }
            None => {
                thread::spawn(move || input::read_lines(io::stdin().lock(), &sender));
            }
        }
        tokio::spawn(obey(inputs, handle, self.replies.clone()));
    }

    fn ended(mut self, reason: &EndReason) -> Result<ExitCode, Failure> {
        self.close_editor();
        if matches!(reason, EndReason::Quit) {
            return Ok(self.left());
        }
        let (text, hint) = show::end(reason);
        Err(Failure::new(Status::Ended, text).with_hint(hint))
    }

    fn left(&self) -> ExitCode {
        if self.lost && !self.interactive {
            ExitCode::from(Status::Ended as u8)
        } else {
            ExitCode::SUCCESS
        }
    }

    /// Ends the line editor, which may be in the middle of a line: its thread cannot be told.
    fn close_editor(&mut self) {
        if self.modes.restore() && self.stage == Stage::Chatting {
            self.screen.detach();
        }
    }
}

/// Why the server cannot be reached, and what helps.
fn unreachable(error: &ConnectError) -> Failure {
    let hint = match error {
        ConnectError::Resolve { .. } => {
            "check the server's name and that a name server answers; an address needs none"
        }
        ConnectError::Tls { error, .. } => tls::hint(error),
        _ => "check the server's name and port, and that it runs",
    };
    Failure::new(Status::Unreachable, error.to_string()).with_hint(hint)
}

/// Does what the lines say, beside the events, since it may have to wait for the network.
async fn obey(
    mut inputs: mpsc::Receiver<Input>,
    handle: Handle,
    replies: mpsc::Sender<String>,
) -> Result<(), Gone> {
    while let Some(input) = inputs.recv().await {
        let line = match input {
            Input::Line(line) => Line::parse(&line),
            Input::TooLong => Line::Wrong("not sent: longer than 4000 octets"),
            Input::End => Line::Quit,
        };
        let lines = match line {
            Line::Empty => Vec::new(),
            Line::List => handle.with_roster(show::list),
            Line::Help => HELP.lines().map(str::to_owned).collect(),
            Line::Wrong(why) => vec![why.to_owned()],
            Line::Quit => return handle.quit().await,
            Line::Say(text) => {
                handle.say(text).await?;
                Vec::new()
            }
            Line::Tell(to, text) => {
                handle.tell(&to, text).await?;
                Vec::new()
            }
        };
        for line in lines {
            replies.send(line).await.map_err(|_| Gone)?;
        }
    }
    handle.quit().await
}
