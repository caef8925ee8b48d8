//! The calls in a file's tokens, with the orderings that each is given.
//!
//! From the tokens and not from the parsed file, since some stand inside macros that no parser
//! looks into.

use anyhow::bail;
use proc_macro2::{Delimiter, Ident, LineColumn, TokenStream, TokenTree};

use super::order::Order;
use super::structure::Structure;

/// Words that can stand before a parenthesis and are no function's name.
const KEYWORDS: [&str; 12] =
    ["return", "match", "if", "while", "in", "let", "unsafe", "else", "mut", "loop", "move", "fn"];

/// An ordering in a call's arguments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Given {
    /// By its name.
    Named(Order),
    /// The calling function's own, by its number among that function's orderings.
    Passed(usize),
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    /// The function's name without its path; `asm` for inline assembly.
    pub(super) name: String,
    /// The byte at which the name stands.
    pub(super) at: usize,
    /// Where the compiler says that the call is: at the name of a method, at the start of a path.
    pub(super) place: LineColumn,
    pub(super) is_method: bool,
    pub(super) arguments: usize,
    pub(super) orderings: Vec<Given>,
}

/// All calls in what a file ships.
///
/// # Errors
///
/// When an ordering is named outside of a call, where it would go unseen.
pub(super) fn calls(text: &str, structure: &Structure) -> anyhow::Result<Vec<Call>> {
    let Ok(tokens) = text.parse::<TokenStream>() else { bail!("cannot be cut into tokens") };
    let mut walk = Walk { structure, calls: Vec::new(), strays: Vec::new() };
    walk.group(&tokens.into_iter().collect::<Vec<_>>(), None);
    if let Some((order, LineColumn { line, .. })) = walk.strays.first() {
        bail!("line {line}: `{order}` outside of a call cannot be weakened one by one; name it in the call");
    }
    let mut calls = walk.calls;
    calls.sort_by_key(|call| call.at);
    Ok(calls)
}

struct Walk<'a> {
    structure: &'a Structure,
    calls: Vec<Call>,
    /// Orderings outside of any call.
    strays: Vec<(Order, LineColumn)>,
}

impl Walk<'_> {
    /// Looks through the tokens of one group. `called` ends with the name of the function whose
    /// arguments they are.
    fn group(&mut self, tokens: &[TokenTree], called: Option<&[TokenTree]>) {
        let mut orderings = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let (before, after) = (&tokens[..index], &tokens[index + 1..]);
            match token {
                TokenTree::Ident(ident) if self.structure.is_left_out(start(ident)) => {}
                TokenTree::Ident(ident) if ident == "asm" && is_punct(after.first(), '!') => {
                    self.calls.push(Call {
                        name: "asm".into(),
                        at: start(ident),
                        place: ident.span().start(),
                        is_method: false,
                        arguments: 0,
                        orderings: Vec::new(),
                    });
                }
                TokenTree::Ident(ident) => match (ident.to_string().parse(), called) {
                    (Ok(order), Some(_)) => orderings.push(Given::Named(order)),
                    (Ok(order), None) => self.strays.push((order, ident.span().start())),
                    (Err(()), _) if is_end(before.last()) && is_end(after.first()) => {
                        orderings.extend(self.passed(ident))
                    }
                    (Err(()), _) => {}
                },
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let is_call = group.delimiter() == Delimiter::Parenthesis && is_called(before);
                    self.group(&inner, is_call.then_some(before));
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if let Some((TokenTree::Ident(name), before)) = called.and_then(|called| called.split_last()) {
            self.add(name, before, arguments(tokens), orderings);
        }
    }

    fn add(&mut self, name: &Ident, before: &[TokenTree], arguments: usize, orderings: Vec<Given>) {
        if self.structure.is_left_out(start(name)) {
            return;
        }
        let is_method = is_punct(before.last(), '.');
        let path = before.iter().rev().take_while(|token| is_punct(Some(token), ':') || is_name(Some(token)));
        let first = if is_method { None } else { path.last() };
        self.calls.push(Call {
            name: name.to_string(),
            at: start(name),
            place: first.map_or_else(|| name.span().start(), |token| token.span().start()),
            is_method,
            arguments,
            orderings,
        });
    }

    /// The function's own ordering of this name.
    fn passed(&self, name: &Ident) -> Option<Given> {
        let function = &self.structure.functions[self.structure.function_at(start(name))?];
        function.orderings.iter().position(|ordering| name == ordering).map(Given::Passed)
    }
}

fn start(ident: &Ident) -> usize {
    ident.span().byte_range().start
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Whether an argument ends here.
fn is_end(token: Option<&TokenTree>) -> bool {
    token.is_none() || is_punct(token, ',')
}

fn is_name(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if !KEYWORDS.iter().any(|keyword| ident == keyword))
}

/// Whether a parenthesis after these tokens holds the arguments of a call, and not the parameters
/// of a declaration.
fn is_called(tokens: &[TokenTree]) -> bool {
    let declares = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "fn");
    is_name(tokens.last()) && !tokens.iter().rev().nth(1).is_some_and(declares)
}

/// The number of arguments in these tokens.
fn arguments(tokens: &[TokenTree]) -> usize {
    let commas = tokens.iter().filter(|token| is_punct(Some(token), ',')).count();
    commas + usize::from(!is_end(tokens.last()))
}
