//! Commands as text, for listings of jobs.

use bstr::BString;

use super::code::{Linked, Node, NodeId, Op, Param, Shape, WordId};

/// A short text of a command; compound ones are abbreviated.
pub fn command(code: &Linked, node: NodeId) -> BString {
    let mut text = BString::default();
    match code.nodes[node as usize] {
        Node::Simple(_) => simple(code, node, &mut text),
        Node::Pipeline { stages, .. } => {
            for (index, stage) in code.links[stages.range()].iter().enumerate() {
                if index > 0 {
                    text.extend_from_slice(b" | ");
                }
                simple(code, *stage, &mut text);
            }
        }
        _ => text.extend_from_slice(b"..."),
    }
    text
}

fn simple(code: &Linked, node: NodeId, text: &mut BString) {
    let Node::Simple(simple) = code.nodes[node as usize] else {
        text.extend_from_slice(b"...");
        return;
    };
    for (index, id) in code.links[simple.words.range()].iter().enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        word(code, *id, text);
    }
}

fn word(code: &Linked, id: WordId, text: &mut BString) {
    let ops = match code.words[id as usize].shape {
        Shape::Constant(span) => return text.extend_from_slice(code.text(span)),
        Shape::Ops(span) => &code.ops[span.range()],
    };
    for op in ops {
        match *op {
            Op::Text(span) | Op::Pattern(span) | Op::Loose(span) => {
                text.extend_from_slice(code.text(span));
            }
            Op::Param { param: Param::Variable(name), .. } => {
                text.push(b'$');
                text.extend_from_slice(&code.names[name as usize]);
            }
            Op::Empty => {}
            _ => text.extend_from_slice(b"..."),
        }
    }
}
