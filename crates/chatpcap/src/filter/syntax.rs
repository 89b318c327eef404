//! What was written, as a tree; whether it means anything, `check.rs` finds.

use std::ops::Range;

use super::token::Part;

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Syntax {
    Or(Vec<Self>),
    And(Vec<Self>),
    Not(Box<Self>),
    /// `a < b`, or `a < b < c`.
    Relations {
        quantifier: Option<Quantifier>,
        first: Term,
        rest: Vec<(Relation, Term)>,
    },
    /// `a in {b, c..d}`.
    Set {
        quantifier: Option<Quantifier>,
        term: Term,
        negated: bool,
        members: Vec<(Term, Option<Term>)>,
    },
    /// A term for itself.
    Alone(Term),
}

/// How many values of a field must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Any,
    All,
}

/// How one term stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Unequal,
    AllEqual,
    AnyUnequal,
    Greater,
    Less,
    AtLeast,
    AtMost,
    Contains,
    Matches,
}

/// A value, and where it stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub kind: TermKind,
    pub span: Range<usize>,
}

/// What a term is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TermKind {
    /// A field or a literal.
    Word {
        text: String,
        ordinals: Option<Vec<Part>>,
        slice: Option<Vec<Part>>,
    },
    Quoted(Vec<u8>),
    Character(u8),
    Call(String, Vec<Term>),
    Negative(Box<Term>),
    Calculation(Operator, Box<Term>, Box<Term>),
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Bits,
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
}
