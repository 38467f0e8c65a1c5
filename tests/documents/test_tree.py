"""A document as a tree: all that is in it, at its place, once, in the order that it happens."""

from datetime import timedelta

from hypothesis import given

from schemas.document.conversation import ConversationDocument
from schemas.document.steps import step_id
from starter.authoring.tree import Detail, TreeNode, every_node, tree_of
from starter.documents import load_document
from tests.documents.any_document import documents
from tests.documents.starters import FOLDER, REMINDERS
from workflows.compiler.step_ids import steps_with_places, with_ids


@given(documents())
def test_every_step_of_a_document_is_in_its_tree_once_at_its_place(document: ConversationDocument) -> None:
    steps = steps_with_places(with_ids(document))
    nodes = [node for node in every_node(tree_of(document)) if node.place in steps]
    assert sorted(str(node.place) for node in nodes) == sorted(map(str, steps))
    assert [(node.kind, node.id) for node in nodes] == [
        (steps[node.place].kind, step_id(steps[node.place])) for node in nodes
    ]


@given(documents())
def test_every_thread_is_in_the_tree_once_and_each_alert_has_its_line(document: ConversationDocument) -> None:
    nodes = [*every_node(tree_of(document))]
    threads = [way.name for node in nodes for way in node.ways if way.kind == "thread"]
    assert sorted(threads) == sorted(thread.name for thread in document.threads)
    assert sorted(str(node.alert) for node in nodes if node.kind == "waiting-list") == sorted(document.alerts)


def outline(nodes: tuple[TreeNode, ...], depth: int = 0) -> list[str]:
    """The tree as indented lines."""
    lines: list[str] = []
    for node in nodes:
        lines.append(f"{'  ' * depth}{' '.join(filter(None, (node.kind, node.name)))}")
        for way in node.ways:
            lines += [f"{'  ' * depth}  / {way.name}"] if way.name else []
            lines += outline(way.nodes, depth + 1 + bool(way.name))
    return lines


def test_an_alert_reads_as_it_is_lived_from_signing_up_to_the_reminder() -> None:
    assert outline(tree_of(load_document(REMINDERS, "it"))) == [
        "alert back-in-stock",
        "  event back-in-stock.subscription",
        "    / You are on the list",
        "      send on-the-list",
        "  waiting-list",
        "  event back-in-stock.alert",
        "    / It is back",
        "      send it-is-back",
        "  until-reminder",
        "  event back-in-stock.follow-up",
        "    / It is still here",
        "      send still-here",
        "  event back-in-stock.discontinued",
        "    / It is gone for good",
        "      send gone-for-good",
    ]


def test_branches_stand_in_their_step_and_the_steps_after_it_follow() -> None:
    welcome = tree_of(load_document((FOLDER / "welcome.yaml").read_text(encoding="utf-8"), "it"))
    assert outline(welcome)[5:10] == [
        "    decide",
        "      / Has ordered before",
        "        send good-to-have-you",
        "      / otherwise",
        "        send who-we-are",
    ]


def test_a_node_says_what_its_step_is_about_in_short() -> None:
    nodes = {node.id: node for node in every_node(tree_of(load_document(REMINDERS, "it")))}
    assert nodes["until-reminder"].details == (Detail(timedelta(days=2)), Detail("2×"))
    assert nodes["waiting-list"].details == (Detail(timedelta(days=180)),)
    message = nodes["it-is-back"].message
    assert message is not None
    assert message.subject == "{{ product.title }} is back"
