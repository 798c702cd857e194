#ifndef MUSTER_TESTS_SUPPORT_CASE_FILE_H_
#define MUSTER_TESTS_SUPPORT_CASE_FILE_H_

#include <ostream>
#include <string>
#include <vector>

namespace muster::tests {

// One thing that a case does, in the order of the file.
struct CaseStep {
  std::string place;     // "tests/mistakes.txt:12"
  std::string verb;      // "file", "$"
  std::string argument;  // the rest of the line
  std::string text;      // the lines below that begin with "|": what a file has in it
  // Of "$": what the command is to print, and to exit with.
  std::string output;
  std::string errors;
  int exit = 0;
};

struct Case {
  std::string title;
  std::vector<CaseStep> steps;

  // The title as the name of a test: "An unknown option" is AnUnknownOption.
  std::string Name() const;
};

// For GoogleTest.
void PrintTo(const Case& which, std::ostream* out);

// Reads the cases of a file such as tests/mistakes.txt, whose head explains the form. Ends the test
// with the line if it has another one.
std::vector<Case> ReadCases(const std::string& path);

// Reads the steps of one case, whose first line is line `first_line` of the file `path`.
std::vector<CaseStep> ReadSteps(const std::string& text, const std::string& path, int first_line);

// What a command has printed, in the form of the file.
std::string AsExpectation(const std::string& output, const std::string& errors, int exit);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_CASE_FILE_H_
