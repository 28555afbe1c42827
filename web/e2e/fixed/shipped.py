"""Write `shipped.json`: what comes with Packshot, as the service answers it.

In `web`: `../.venv/bin/python e2e/fixed/shipped.py`, after templates, channels or reasons changed.
"""

import json
from pathlib import Path

from packshot.api.review import ReasonView
from packshot.catalog.items.retry_reasons import REASONS
from packshot.catalog.styles import channels, templates
from packshot.channel import channels as shipped_channels
from packshot.template import templates as shipped_templates

shipped = {
    "styles": [templates._shipped_view(one).model_dump(mode="json") for one in shipped_templates().values()],
    "channels": [channels._shipped_view(one).model_dump(mode="json") for one in shipped_channels().values()],
    "reasons": [ReasonView(id=one.id, title=one.title, rule=one.rule).model_dump(mode="json") for one in REASONS],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(shipped, indent=1, ensure_ascii=False), "utf-8")
