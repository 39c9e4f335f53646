//! Lists, and-or lists and pipelines: how commands are put together.

use super::super::code::{Joint, Node, Step};
use super::level::{CaseLevel, ForLevel, IfState, Level, ListKind, ListLevel, SimpleLevel};
use super::token::{Keyword, Token};
use super::{Parser, Pause};

impl Parser {
    /// Takes the current token to the innermost grammar level.
    pub(super) fn grammar(&mut self) -> Result<(), Pause> {
        let Some(level) = self.stack.pop() else { return Ok(()) };
        match level {
            Level::List(list) => self.list(list),
            Level::AndOr { steps, joint } => self.and_or(steps, joint),
            Level::Pipeline { negated, stages, started } => self.pipeline(negated, stages, started),
            Level::Simple(simple) => self.simple(simple),
            Level::Tail { body, redirections, target, line } => {
                self.tail(body, redirections, target, line)
            }
            Level::Subshell => {
                self.expect_paren()?;
                let body = self.take_result();
                let node = self.unit.node(Node::Subshell(body));
                self.compound_ends(node)
            }
            Level::Group => {
                self.expect(Keyword::RightBrace)?;
                let body = self.take_result();
                self.compound_ends(body)
            }
            Level::If { links, state } => self.if_part(links, state),
            Level::Loop { until, condition, body } => self.loop_part(until, condition, body),
            Level::For(level) => self.for_part(level),
            Level::Case(level) => self.case_part(level),
            Level::Function { name } => self.function(name),
            Level::Substitution(level) => self.substitution_ends(*level),
            Level::Word(_) => unreachable!("words take bytes, not tokens"),
        }
    }

    /// The token is used up.
    pub(super) fn accept(&mut self) {
        self.token = None;
    }

    pub(super) fn keyword(&self) -> Option<Keyword> {
        self.token.as_ref().and_then(Token::keyword)
    }

    pub(super) fn at(&self, token: &Token) -> bool {
        self.token.as_ref() == Some(token)
    }

    /// What the last construct became; an empty command if it was empty.
    pub(super) fn take_result(&mut self) -> u32 {
        match self.result.take() {
            Some(node) => node,
            None => self.unit.node(Node::Empty),
        }
    }

    pub(super) fn unexpected<T>(&self, keywords: bool) -> Result<T, Pause> {
        let shown = self.token.as_ref().map_or("word", |token| token.shown(keywords));
        Self::error(format!("{shown} unexpected"))
    }

    pub(super) fn unexpected_for<T>(&self, wanted: &str) -> Result<T, Pause> {
        let shown = self.token.as_ref().map_or("word", |token| token.shown(true));
        Self::error(format!("{shown} unexpected (expecting {wanted})"))
    }

    pub(super) fn expect(&mut self, keyword: Keyword) -> Result<(), Pause> {
        if self.keyword() != Some(keyword) {
            return self.unexpected_for(keyword.shown());
        }
        self.accept();
        Ok(())
    }

    pub(super) fn expect_paren(&mut self) -> Result<(), Pause> {
        if !self.at(&Token::RightParen) {
            return self.unexpected_for("\")\"");
        }
        self.accept();
        Ok(())
    }

    fn list(&mut self, mut list: ListLevel) -> Result<(), Pause> {
        if let Some(node) = self.result.take() {
            let background = self.at(&Token::Ampersand);
            let joint = if background { Joint::Background } else { Joint::Then };
            list.steps.push(Step { node, joint });
            match self.token {
                Some(Token::Ampersand | Token::Semicolon) => self.accept(),
                Some(Token::Newline | Token::End) => {}
                _ if list.kind == ListKind::Complete => return self.unexpected(true),
                _ => return self.list_ends(list),
            }
            return self.push(Level::List(list));
        }
        match self.token {
            Some(Token::Newline) => {
                self.accept();
                if list.kind == ListKind::Complete {
                    return self.list_ends(list);
                }
                return self.push(Level::List(list));
            }
            Some(Token::End) => return self.list_ends(list),
            _ => {}
        }
        let may_end = match list.kind {
            ListKind::Complete => false,
            ListKind::Optional => true,
            ListKind::Required => !list.steps.is_empty(),
        };
        let ends = match &self.token {
            Some(Token::RightParen | Token::CaseEnd) => true,
            _ => self.keyword().is_some_and(Keyword::ends_list),
        };
        if may_end && ends {
            return self.list_ends(list);
        }
        self.push(Level::List(list))?;
        self.push(Level::AndOr { steps: Vec::new(), joint: Joint::Then })
    }

    fn list_ends(&mut self, list: ListLevel) -> Result<(), Pause> {
        self.result = match list.steps.as_slice() {
            [] => None,
            [Step { node, joint: Joint::Then }] => Some(*node),
            _ => {
                let steps = self.unit.steps(list.steps);
                Some(self.unit.node(Node::List(steps)))
            }
        };
        Ok(())
    }

    fn and_or(&mut self, mut steps: Vec<Step>, joint: Joint) -> Result<(), Pause> {
        if let Some(node) = self.result.take() {
            steps.push(Step { node, joint });
            let joint = match self.token {
                Some(Token::And) => Joint::And,
                Some(Token::Or) => Joint::Or,
                _ => {
                    self.result = Some(if let [Step { node, .. }] = steps.as_slice() {
                        *node
                    } else {
                        let steps = self.unit.steps(steps);
                        self.unit.node(Node::AndOr(steps))
                    });
                    return Ok(());
                }
            };
            self.accept();
            return self.push(Level::AndOr { steps, joint });
        }
        if !steps.is_empty() && self.at(&Token::Newline) {
            self.accept();
            return self.push(Level::AndOr { steps, joint });
        }
        self.push(Level::AndOr { steps, joint })?;
        self.push(Level::Pipeline { negated: false, stages: Vec::new(), started: false })
    }

    fn pipeline(
        &mut self,
        negated: bool,
        mut stages: Vec<u32>,
        started: bool,
    ) -> Result<(), Pause> {
        if let Some(node) = self.result.take() {
            stages.push(node);
            if self.at(&Token::Pipe) {
                self.accept();
                return self.push(Level::Pipeline { negated, stages, started: true });
            }
            self.result = Some(match stages.as_slice() {
                [node] if !negated => *node,
                _ => {
                    let stages = self.unit.links(stages);
                    self.unit.node(Node::Pipeline { stages, negated })
                }
            });
            return Ok(());
        }
        if started && !stages.is_empty() && self.at(&Token::Newline) {
            self.accept();
            return self.push(Level::Pipeline { negated, stages, started });
        }
        if !started && !negated && self.keyword() == Some(Keyword::Not) {
            self.accept();
            return self.push(Level::Pipeline { negated: true, stages, started: true });
        }
        self.push(Level::Pipeline { negated, stages, started: true })?;
        self.command()
    }

    /// Opens the command that the current token begins.
    pub(super) fn command(&mut self) -> Result<(), Pause> {
        let line = self.line;
        match (self.keyword(), &self.token) {
            (Some(Keyword::If), _) => {
                self.accept();
                self.push(Level::If { links: Vec::new(), state: IfState::Condition })?;
                self.push(Level::list(ListKind::Required))
            }
            (Some(keyword @ (Keyword::While | Keyword::Until)), _) => {
                self.accept();
                let until = keyword == Keyword::Until;
                self.push(Level::Loop { until, condition: None, body: false })?;
                self.push(Level::list(ListKind::Required))
            }
            (Some(Keyword::For), _) => {
                self.accept();
                self.push(Level::For(Box::new(ForLevel::new(line))))
            }
            (Some(Keyword::Case), _) => {
                self.accept();
                self.push(Level::Case(Box::new(CaseLevel::new(line))))
            }
            (Some(Keyword::LeftBrace), _) => {
                self.accept();
                self.push(Level::Group)?;
                self.push(Level::list(ListKind::Required))
            }
            (None, Some(Token::Word(_) | Token::Redirect { .. })) => {
                self.push(Level::Simple(Box::new(SimpleLevel::new(line))))
            }
            (None, Some(Token::LeftParen)) => {
                self.accept();
                self.push(Level::Subshell)?;
                self.push(Level::list(ListKind::Required))
            }
            _ => self.unexpected(true),
        }
    }
}
