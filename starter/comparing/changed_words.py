"""The words that differ between a document and what is published: beside a dry run, whose paths know no words."""

from schemas.document.conversation import ConversationDocument
from schemas.responses.dry_run import DryRunReport
from starter.comparing.differences import find_text_differences
from starter.versioning.versions import Versions
from starter.versioning.which import NoSuchVersion, Which


async def with_changed_words(report: DryRunReport, versions: Versions, document: ConversationDocument) -> DryRunReport:
    """The report of a dry run with the messages whose words are not those of the published version."""
    try:
        published = await versions.document(Which(document.conversation))
    except NoSuchVersion:
        return report
    return report.model_copy(update={"words": find_text_differences(published.messages, document.messages)})
