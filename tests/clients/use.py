"""What a program does with the client that openapi-python-client makes: scripts/clients checks its types."""

from io import BytesIO

from packshot_client import AuthenticatedClient
from packshot_client.api.batches import create_batch
from packshot_client.api.images import upload_images
from packshot_client.api.items import list_items
from packshot_client.api.layers import get_matte
from packshot_client.models import (
    Addresses,
    BatchRequest,
    BatchStarted,
    PhotoSource,
    PhotoView,
    Problem,
    StyleChoiceRequest,
    UploadImagesFilesBody,
)
from packshot_client.types import File


def use(photo: bytes) -> str:
    client = AuthenticatedClient(base_url="http://127.0.0.1:8484", token="psk_…")
    form = UploadImagesFilesBody(file=[File(BytesIO(photo), "mug.jpg", "image/jpeg")], sku="MUG")
    taken = upload_images.sync(client=client, body=form, idempotency_key="1")
    if isinstance(taken, Problem):
        return taken.remedy
    assert isinstance(taken, PhotoView)
    upload_images.sync(client=client, body=Addresses(url="https://shop.example/mug.jpg"))
    styles = [StyleChoiceRequest(style="white")]  # its options, and the rest of the batch, have defaults
    request = BatchRequest(name="Spring", styles=styles, source=PhotoSource(images=[taken.id]))
    made = create_batch.sync(client=client, body=request)
    assert isinstance(made, BatchStarted)
    matte = get_matte.sync(taken.id, client=client)
    page = list_items.sync(client=client, limit=200)
    assert isinstance(matte, File) and page and not isinstance(page, Problem)
    return f"{made.job} {made.batch.counts} {page.next_cursor}"
