// Opens a page with the network off; prints as JSON what is amiss at each width in light and dark: node page_in_a_browser.js BROWSER ADDRESS
const puppeteer = require("puppeteer-core"), axe = require("axe-core").source;

const wider = () => [...document.querySelectorAll("html, table, figure, pre, .scroll")]
  .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth).map((element) => element.outerHTML.slice(0, 80));
const still = () => [...document.querySelectorAll(".chart")].filter((chart) => !chart.querySelector("svg")).length;
const faults = () => axe.run().then((found) => found.violations.map((each) => `${each.impact} ${each.id}: ${each.nodes[0].target}`));

(async () => {
  const browser = await puppeteer.launch({executablePath: process.argv[2], args: ["--no-sandbox"]}), amiss = [];
  for (const scheme of ["light", "dark"]) for (const width of [420, 1200, 2000]) {
    const page = await browser.newPage(), note = (what) => amiss.push(`${scheme}, ${width} pixels: ${what}`);
    page.on("console", (message) => note(message.text())).on("pageerror", (error) => note(String(error)));
    page.on("request", (request) => request.url().match(/^(data|file):/) || note(`asks for ${request.url()}`));
    await page.setOfflineMode(true);
    await page.setViewport({width, height: 1000});
    await page.emulateMediaFeatures([{name: "prefers-color-scheme", value: scheme}]);
    await page.goto(process.argv[3]);
    await page.waitForFunction("document.querySelectorAll('.chart svg').length", {timeout: 60000}).catch(() => note("no chart is drawn"));
    await new Promise((done) => setTimeout(done, 2000));
    for (const element of await page.evaluate(wider)) note(`wider than its place: ${element}`);
    if (await page.evaluate(still)) note("a chart is not drawn");
    await page.evaluate(axe);
    for (const fault of await page.evaluate(faults)) note(fault);
    await page.close();
  }
  await browser.close();
  console.log(JSON.stringify(amiss));
})();
