"""A model card beside each model of section 7: what it is, what it learned from, what it is good for (Mitchell et al., 2019)."""

import json

from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.parameters.conditional import COMPLETION
from adversarial_nets.parameters.inference import INFERENCE
from adversarial_nets.parameters.section import Section

CARD = """# {title}: {name}, seed {seed}

`{file}` maps {maps}. Data: {data_set}. It belongs to section 7 of “Generative Adversarial
Nets” (Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661) in the reproduction adversarial-nets (licence: MIT).

It learned from {source}, in {updates:,} updates, with these parameters:

```json
{recipe}
```

What it does on test images, beside controls, is in `reports/extensions/`. For research and teaching. It knows nothing but its
training images, and shows their selection, their labels and their biases. The terms of the data set hold for its output.
"""
IMAGES = "{num_training:,} images"
CONDITIONAL = (
    "A generator of images of a class",
    "generator.safetensors",
    "noise and the code of a class to images",
    f"{IMAGES} with their classes, or with those of others if `labels` below is `shuffled`",
)
OTHERS = {
    COMPLETION: ("A generator that completes images", "generator.safetensors", "noise and seen pixels to whole images", IMAGES),
    INFERENCE: (
        "An encoder",
        "encoder.safetensors",
        "images to noise of which a generator makes them",
        "samples alone, of the generator of the experiment in `extensions/params.yaml` with this seed",
    ),
}


def model_card(name: str, seed: int, data: PreparedData, updates: int, recipe: dict[str, Section]) -> str:
    """Markdown about a finished model by its name among the extensions; equal runs have equal cards."""
    title, file, maps, source = OTHERS.get(name, CONDITIONAL)
    parameters = {key: section.model_dump(exclude_none=True) for key, section in recipe.items()}
    return CARD.format(
        title=title,
        name=name,
        seed=seed,
        file=file,
        maps=maps,
        data_set=data.title,
        source=source.format(num_training=len(data.training)),
        updates=updates,
        recipe=json.dumps(parameters, indent=2),
    )
