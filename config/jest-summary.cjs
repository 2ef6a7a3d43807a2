/** Prints the one plain line that a script can read: `N passed, N failed, N skipped`. */
module.exports = class SummaryReporter {
  onRunComplete(_contexts, results) {
    const failedSuites = results.testResults.filter((suite) => suite.testExecError).length;
    const failed = results.numFailedTests + failedSuites;
    process.stdout.write(
      `${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped\n`,
    );
  }
};
