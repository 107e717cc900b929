// Package browsertest gives tests a real browser: a headless Chromium with a profile of its own, which ends with the test.
//
//	page := browsertest.Open(t)
//	page.Go(server.URL)
//	page.Await(`document.querySelector("h1").textContent === "Tables"`)
//	page.Screenshot("tables")
//	page.Clean(server.URL)
//
// Where no browser is installed, tests are skipped, or fail if SCHEMACTOR_TEST_REQUIRE names "chromium". The browser resolves no
// name but this machine's own, so that a page which asks the network for something is found out on every machine.
//
// Whatever a page is asked to do fails the test if it does not work, and within a minute.
package browsertest
