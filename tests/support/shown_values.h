#ifndef MUSTER_TESTS_SUPPORT_SHOWN_VALUES_H_
#define MUSTER_TESTS_SUPPORT_SHOWN_VALUES_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muster::tests {

// What differs from run to run, and what a document shows in its place. Folders and ports are known
// beforehand. Which pid a document shows for which process is learned where it is printed, and
// holds from there on. Times and the like are recognised by their form.
class ShownValues {
 public:
  // A document shows `shown` where it is `actual`. Numbers are compared whole.
  void Know(const std::string& shown, const std::string& actual);

  // A text of the document with what it is in this run.
  std::string Actual(const std::string& shown) const;
  // A text of this run as a document would show it.
  std::string Shown(const std::string& actual) const;

  // Whether a program has printed what a document shows. How many spaces are between two columns
  // does not matter. A line "..." of the document is any number of lines. If it matches, the pids
  // in it are known from here on.
  bool Match(const std::string& shown, const std::string& actual);

 private:
  std::vector<std::pair<std::string, std::string>> known_;  // shown, actual
  std::map<std::string, std::string> pids_;                 // shown → actual
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_SHOWN_VALUES_H_
