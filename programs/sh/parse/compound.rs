//! `if`, loops and `case`.

use super::super::code::{Arm, Node};
use super::command::is_name;
use super::level::{CaseLevel, CaseState, ForLevel, ForState, IfState, Level, ListKind};
use super::token::{Keyword, Lexeme, Token};
use super::{Parser, Pause};

impl Parser {
    fn part(&mut self, level: Level, kind: ListKind) -> Result<(), Pause> {
        self.push(level)?;
        self.push(Level::list(kind))
    }

    pub(super) fn if_part(&mut self, mut links: Vec<u32>, state: IfState) -> Result<(), Pause> {
        let part = self.take_result();
        match (state, self.keyword()) {
            (IfState::Condition, _) => {
                self.expect(Keyword::Then)?;
                links.push(part);
                self.part(Level::If { links, state: IfState::Body }, ListKind::Required)
            }
            (IfState::Body, Some(Keyword::Elif)) => {
                self.accept();
                links.push(part);
                self.part(Level::If { links, state: IfState::Condition }, ListKind::Required)
            }
            (IfState::Body, Some(Keyword::Else)) => {
                self.accept();
                links.push(part);
                self.part(Level::If { links, state: IfState::Otherwise }, ListKind::Required)
            }
            _ => {
                self.expect(Keyword::Fi)?;
                let otherwise = (state == IfState::Otherwise).then_some(part);
                if otherwise.is_none() {
                    links.push(part);
                }
                let arms = self.unit.links(links);
                let node = self.unit.node(Node::If { arms, otherwise });
                self.compound_ends(node)
            }
        }
    }

    pub(super) fn loop_part(
        &mut self,
        until: bool,
        condition: Option<u32>,
        body: bool,
    ) -> Result<(), Pause> {
        let part = self.take_result();
        match condition {
            Some(condition) if body => {
                self.expect(Keyword::Done)?;
                let node = self.unit.node(Node::Loop { until, condition, body: part });
                self.compound_ends(node)
            }
            _ => {
                self.expect(Keyword::Do)?;
                let level = Level::Loop { until, condition: Some(part), body: true };
                self.part(level, ListKind::Required)
            }
        }
    }

    pub(super) fn for_part(&mut self, mut level: Box<ForLevel>) -> Result<(), Pause> {
        match level.state {
            ForState::Name => {
                let Some(Token::Word(Lexeme { plain: Some(name), .. })) = self.token.take() else {
                    return Self::error("Bad for loop variable");
                };
                if !is_name(&name) {
                    return Self::error("Bad for loop variable");
                }
                level.name = self.unit.name(&name);
                level.state = ForState::In;
            }
            ForState::In => match (self.keyword(), &self.token) {
                (_, Some(Token::Newline)) => self.accept(),
                (Some(Keyword::In), _) => {
                    self.accept();
                    level.words = Some(Vec::new());
                    level.state = ForState::Words;
                }
                (_, Some(Token::Semicolon)) => {
                    self.accept();
                    level.state = ForState::Do;
                }
                _ => level.state = ForState::Do,
            },
            ForState::Words => match &self.token {
                Some(Token::Word(lexeme)) => {
                    level.words.get_or_insert_default().push(lexeme.word);
                    self.accept();
                }
                Some(Token::Newline | Token::Semicolon) => {
                    self.accept();
                    level.state = ForState::Do;
                }
                _ => return self.unexpected(false),
            },
            ForState::Do if self.at(&Token::Newline) => self.accept(),
            ForState::Do => {
                self.expect(Keyword::Do)?;
                level.state = ForState::Body;
                return self.part(Level::For(level), ListKind::Required);
            }
            ForState::Body => return self.for_ends(*level),
        }
        self.push(Level::For(level))
    }

    fn for_ends(&mut self, level: ForLevel) -> Result<(), Pause> {
        let body = self.take_result();
        self.expect(Keyword::Done)?;
        let ForLevel { name, line, .. } = level;
        let words = level.words.map(|words| self.unit.links(words));
        let node = self.unit.node(Node::For { name, words, body, line });
        self.compound_ends(node)
    }

    pub(super) fn case_part(&mut self, mut level: Box<CaseLevel>) -> Result<(), Pause> {
        match level.state {
            CaseState::Word => {
                let Some(Token::Word(lexeme)) = &self.token else {
                    return self.unexpected_for("word");
                };
                level.word = lexeme.word;
                self.accept();
                level.state = CaseState::In;
            }
            CaseState::In if self.at(&Token::Newline) => self.accept(),
            CaseState::In => {
                self.expect(Keyword::In)?;
                level.state = CaseState::Clause;
            }
            CaseState::Clause if self.at(&Token::Newline) => self.accept(),
            CaseState::Clause if self.keyword() == Some(Keyword::Esac) => {
                return self.case_ends(*level);
            }
            CaseState::Clause if self.at(&Token::LeftParen) => {
                self.accept();
                level.state = CaseState::Pattern;
            }
            CaseState::Clause | CaseState::Pattern => {
                let Some(Token::Word(lexeme)) = &self.token else {
                    return self.unexpected_for("\")\"");
                };
                level.patterns.push(lexeme.word);
                self.accept();
                level.state = CaseState::AfterPattern;
            }
            CaseState::AfterPattern if self.at(&Token::Pipe) => {
                self.accept();
                level.state = CaseState::Pattern;
            }
            CaseState::AfterPattern => {
                self.expect_paren()?;
                level.state = CaseState::Body;
                return self.part(Level::Case(level), ListKind::Optional);
            }
            CaseState::Body => return self.case_arm_ends(level),
        }
        self.push(Level::Case(level))
    }

    fn case_arm_ends(&mut self, mut level: Box<CaseLevel>) -> Result<(), Pause> {
        let body = self.take_result();
        let patterns = self.unit.links(core::mem::take(&mut level.patterns));
        level.arms.push(Arm { patterns, body });
        if self.keyword() == Some(Keyword::Esac) {
            return self.case_ends(*level);
        }
        if !self.at(&Token::CaseEnd) {
            return self.unexpected_for("\";;\"");
        }
        self.accept();
        level.state = CaseState::Clause;
        self.push(Level::Case(level))
    }

    fn case_ends(&mut self, level: CaseLevel) -> Result<(), Pause> {
        self.accept();
        let CaseLevel { word, line, .. } = level;
        let arms = self.unit.arms(level.arms);
        let node = self.unit.node(Node::Case { word, arms, line });
        self.compound_ends(node)
    }
}
