"""What the report says under its pictures and below Table 1; in ``*_IN_THE_PAPER``, what the paper's own figure shows."""

SAMPLES = (
    "Samples of seed {seed}: the first ones drawn, not chosen. The framed column has the training image nearest to the sample "
    "on its left, by squared Euclidean distance."
)
SAMPLES_IN_THE_PAPER = (
    "{panel}: random draws with the nearest training example of the neighbouring sample in the rightmost column, to show that "
    "the model has not memorised the training set."
)
INTERPOLATIONS = "Seed {seed}: images along straight lines between two random points of z space."
INTERPOLATIONS_IN_THE_PAPER = "Figure 3, digits obtained by linear interpolation between coordinates in z space."
CHAINS = (
    "Seed {seed}: states of Markov chains as they were kept, one chain a row. The more neighbours in a row are alike, the fewer "
    "independent samples there are."
)
CHAINS_IN_THE_PAPER = (
    "none, because samples of adversarial nets “are uncorrelated because the sampling process does not depend on Markov chain "
    "mixing”."
)
AVERAGING = (
    "Seed {seed}: samples with averaged weights, which are scored, each above what the last generator makes of the same z. "
    "Averaging takes away noise of the last updates, but also sharpness, which the estimate does not punish: see the table of "
    "signs of collapse below."
)
CURVES = "Learning curves, one line a seed."
OF_D = " D(x) and D(G(z)) are means over minibatches, with dropout as in training."
SIGMA = (
    "Mean validation log-likelihood against σ, one line a seed; the circle marks the σ that is used on the test "
    "images. Values far below the best are cut off."
)
BURN_IN = (
    "Test log-likelihood of 10 consecutive states of every chain by steps before them, from two starts. Where chains mix, both "
    "lines meet; a high score early from training images shows near-copies of these."
)
COUNTS = "Test log-likelihood by number of samples, by the whole protocol each time: of the generators, and of training images."
BLUR = (
    "Test log-likelihood against sharpness. Blurred images are left of 1 in spread and gradient, and right of it in grey pixels. "
    "The estimate rewards blur: real training images score far higher once they are blurred, and so do averages over more of a "
    "run (smaller γ; γ = 2 weighs the last third). Read each score together with its sharpness."
)
FIGURE_1 = (
    "Data density (dotted, black), model density (solid, green) and D(x) (dashed, blue); arrows from evenly spaced z to G(z). "
    "(a) Before training. (b) D alone was trained. (c) G has followed D's gradient to where data is likelier. (d) At the end D "
    "is near ½ where G puts samples. A smooth G of uniform z cannot make a Gaussian's endless tails: there D tells them apart."
)
FIGURE_1_IN_THE_PAPER = (
    "Figure 1, which begins near convergence: (b) D converges to p_data / (p_data + p_g), (c) its gradient guides G(z) to "
    "regions that are more likely to be classified as data, (d) p_g = p_data and D(x) = ½."
)
ANIMATION = "The same game, update by update: few between the first pictures, many between the last."
PROPOSITION_1 = "Proposition 1: D as trained (dashed) on its closed form (pale); in two dimensions levels of both."
THEOREM_1 = (
    "Theorem 1: C(G) by a trained D, and by two computations of one identity, for (1 − t)·p_g + t·p_data, of the pair “two "
    "modes each”."
)
PROPOSITION_2 = (
    "Proposition 2: gradient steps on p_g itself, over 40 states, with the optimal discriminator at every step, and with one "
    "that makes a single gradient step of its own each time."
)
HELVETICA = (
    "Left: images of the same z before, and after G was trained too much against a D that stays as it is, under either "
    "objective. log(1 − D(G(z))) falls without end where D takes an image for real, so every z moves to what D likes best; "
    "log D(G(z)) has a top, 0, near which there is little left to gain. Right: what the measure of collapse says."
)
HELVETICA_IN_THE_PAPER = (
    "section 6: “G must not be trained too much without updating D, in order to avoid ‘the Helvetica scenario’ in which G "
    "collapses too many values of z to the same value of x to have enough diversity to model p_data”."
)
KNOWN_DENSITY = (
    "The estimate's error on points from a Gaussian N(0, I), whose log-density is known, at the best σ on other points. Left: "
    "its mean; right: its standard deviation when samples are drawn anew. The paper's warning, measured."
)

# In the head of the page.
HOLDS, LIMITED, FAILS, UNMEASURED = VERDICTS = ["holds", "holds with limits", "does not hold here", "not measured"]
REPORTED = "reported in the paper"
RECIPES = {"mnist": "the published recipe, last weights", "mnist_averaged": "the same runs, averaged weights"}
STAND_INS = {
    "Training images as samples": "sanity check: training images as samples",
    "Blurred training images": "sanity check: blurred training images",
    "K-means centroids of training images": "sanity check: cluster centres of training images",
}
REFERENCE_SAMPLES = "Committed reference {name}, not of this run: the first samples drawn, with nearest training images framed."

# Below Table 1: what is ours in each model, and what all numbers have in common.
CHOICES = {
    "DBN": "Published: the family of model, and the number. Ours: layers, CD and PCD, rates, epochs, chains.",
    "Stacked CAE": "Published: the family of model, and the number. Ours: layers, λ, rates, epochs, noise and length of chains.",
    "Deep GSN": "Published: for MNIST, layers, noises, walkback and optimiser, 60,000 training images, σ fixed at 0.2. Ours: σ "
    "by this protocol, no validation image in training; sizes, optimiser and epochs if the experiment's file says so.",
    "Adversarial nets": "Published: networks, game and schedule, of MNIST. Ours: all of the subset's, and averaged weights.",
}
NOTES = [
    "Cells measured here come from this run, and so do the rows below the four models, the sanity rows: what real training "
    "images, altered ones, cluster centres of them (k-means), or their mean alone score by the same protocol. They are "
    "all training images unless a row says otherwise. Their number moves the score as that of samples does; “How these numbers "
    "came about” has it.",
    "± is the standard error across test images of each image's mean over seeds (TFD and FER-2013: across their five folds). "
    "It says how well this test set pins the mean down, and leaves out how one run differs from the next: that is the "
    "spread over seeds, a sample standard deviation of the means of those that finished.",
    "Every run that was started is listed. It has collapsed if its last generator scores validation images below the mean "
    "training image; otherwise it finished. Means and spreads are of these (of all if none did), medians of all.",
    "Higher is better, but only within a column: log-likelihoods on different data sets cannot be compared, so a column of a "
    "subset stands apart from the paper's.",
    "The estimate is no model's true log-likelihood, whatever the number of samples that one can afford, and images unlike the "
    "data, such as cluster centres, can score above real ones (Theis, van den Oord and Bethge, 2016). It is here because the "
    "paper reports it.",
    "“Kept” is the epoch, for each seed, whose generator is scored: the last, the best by validation log-likelihood, or "
    "the average of its weights until then, as the parameter “keep” says.",
    "The number of samples and the grid for σ are the defaults of the published script; the paper gives neither.",
    "σ is chosen on validation images from a grid. A star marks a σ at an end of the grid: a better one may lie beyond it.",
]


def graded(*degrees: bool) -> str:
    """The verdict of the first condition that is true: holds, holds with limits; otherwise it does not hold here."""
    return next((verdict for verdict, is_true in zip(VERDICTS, degrees, strict=False) if is_true), FAILS)
