"""Where an experiment's images come from, and how they are split."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from adversarial_nets.parameters.layers import Shape
from adversarial_nets.parameters.section import Count, Positive, Section, require

ARCHIVES = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
CIFAR10_FILES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"]
CIFAR10_ARCHIVE = "cifar-10-python.tar.gz"
RESERVED_TITLES = ("MNIST", "TFD")  # the columns of the paper's Table 1: only published checksums give them

MD5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
SHA256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SplitSeed = Annotated[int, Field(ge=0, lt=2**32, description="decides which images go where; all seeds share this split")]


class Images(Section):
    """Images of one's own: an ``.npz`` file or a folder of PNGs, split at random, and equally by class if there are labels."""

    source: Literal["images"] = Field(description="images of your own")
    path: Annotated[str, Field(min_length=1)] = Field(
        description="an .npz file with images and, if there are classes, labels; or a folder of PNGs"
    )
    sha256: SHA256 | None = Field(
        None, description="checksum of that .npz file, in hexadecimal digits; without it, any file is accepted"
    )
    title: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="the data set's name in the report; without it, the experiment's name"
    )
    image_shape: Annotated[list[Count], Field(min_length=2, max_length=3)] = Field(
        description="height and width of one image in pixels; three values are channels, height and width"
    )
    num_train: Count = Field(description="images to train on; every part has the classes in equal shares")
    num_validation: Count = Field(description="images for the choice of σ and the learning curve")
    # a standard error needs two
    num_test: Annotated[int, Field(ge=2)] = Field(description="images that the log-likelihood is measured on")
    split_seed: SplitSeed

    @model_validator(mode="after")
    def _has_a_title_of_its_own(self) -> "Images":
        taken = (self.title or "").strip().upper() in RESERVED_TITLES
        require(not taken, "title", "is the name of one of the paper's data sets; choose another")
        return self

    @model_validator(mode="after")
    def _has_possible_channels(self) -> "Images":
        require(self.shape[0] in (1, 3), "image_shape", "must be height and width, or channels before them: 1 or 3")
        return self

    @property
    def shape(self) -> Shape:
        """Channels, height and width of one image."""
        return (*(1,) * (3 - len(self.image_shape)), *self.image_shape)


class OfficialDigits(Section):
    """MNIST, or other images in its format if ``md5`` is theirs; the last training images are for validation."""

    shape: ClassVar[Shape] = (1, 28, 28)
    source: Literal["mnist"] = Field(description="MNIST's four archives, in data/raw/MNIST/raw; downloaded if they are not there")
    md5: dict[str, MD5] = Field(description="MD5 checksum of each archive")
    num_validation: Annotated[int, Field(ge=1, lt=60_000)] = Field(
        description="the last images of the 60,000 training images, for validation"
    )

    @model_validator(mode="after")
    def _names_the_archives(self) -> "OfficialDigits":
        require(set(self.md5) == set(ARCHIVES), "md5", f"must name {', '.join(ARCHIVES)}")
        return self

    @property
    def num_train(self) -> int:
        """Images to train on."""
        return 60_000 - self.num_validation


class ContrastNormalisation(Section):
    """Global contrast normalisation: from each image its own mean is subtracted, then it is scaled to a Euclidean norm."""

    norm: Positive = Field(
        description="Euclidean norm of every image after its own mean is subtracted; √3072 ≈ 55 gives pixels of unit variance"
    )


class Cifar10(Section):
    """CIFAR-10, or other images in its format if ``md5`` is theirs: the first to train on, the last for validation."""

    shape: ClassVar[Shape] = (3, 32, 32)
    source: Literal["cifar10"] = Field(
        description="CIFAR-10: its files in data/raw/cifar-10-batches-py, or its archive in data/raw; downloaded if missing"
    )
    md5: dict[str, MD5] = Field(description="MD5 checksum of the archive and of each file in it")
    num_train: Count = Field(description="the first images of the 50,000 training images, to train on")
    num_validation: Count = Field(description="the last images of the 50,000 training images, for validation")
    # a standard error needs two
    num_test: Annotated[int, Field(ge=2, le=10_000)] = Field(description="the first images of the 10,000 test images")
    scaling: ContrastNormalisation = Field(description="global contrast normalisation of every image")

    @model_validator(mode="after")
    def _is_possible(self) -> "Cifar10":
        names = [CIFAR10_ARCHIVE, *CIFAR10_FILES]
        require(set(self.md5) == set(names), "md5", f"must name {', '.join(names)}")
        wanted = self.num_train + self.num_validation
        require(wanted <= 50_000, "num_train", f"with num_validation makes {wanted} images; there are 50,000")
        return self


class TorontoFaces(Section):
    """The Toronto Face Database: the first ``num_train`` unlabelled images to train on, or all without it; five folds."""

    shape: ClassVar[Shape] = (1, 48, 48)
    source: Literal["tfd"] = Field(
        description="the Toronto Face Database: TFD_48x48.mat or TFD_96x96.mat in data/raw, which its authors give out on request"
    )
    num_train: Count | None = Field(None, description="the first unlabelled images, to train on; without it, all of them")


class Fer2013(Section):
    """FER-2013: ``num_train`` distinct images to train on, or all that remain without it; five folds of others, at random."""

    shape: ClassVar[Shape] = (1, 48, 48)
    source: Literal["fer2013"] = Field(
        description="FER-2013: fer2013.csv, icml_face_data.csv, or train.csv and test.csv, in data/raw/fer2013"
    )
    num_train: Count | None = Field(None, description="distinct images to train on; without it, all that are in no fold")
    # a standard error needs two
    num_fold: Annotated[int, Field(ge=2)] = Field(
        description="distinct images in each of five parts, in turn for testing and for the choice of σ"
    )
    split_seed: SplitSeed

    @model_validator(mode="after")
    def _are_enough(self) -> "Fer2013":
        wanted, key = (self.num_train or 1) + 5 * self.num_fold, "num_train" if self.num_train else "num_fold"
        require(wanted <= 34_034, key, f"num_train and five times num_fold make {wanted} images; only 34,034 are distinct")
        return self


AnyData = Annotated[Images | OfficialDigits | Cifar10 | TorontoFaces | Fer2013, Field(discriminator="source")]
