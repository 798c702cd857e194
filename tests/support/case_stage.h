#ifndef MUSTER_TESTS_SUPPORT_CASE_STAGE_H_
#define MUSTER_TESTS_SUPPORT_CASE_STAGE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/case_file.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {

// Where one case of tests/mistakes.txt, or of a document, is performed: a folder of its own with
// site/index.html in it, and the three programs side by side. Differences are failures of the test;
// what cannot be done here skips it.
class CaseStage {
 public:
  CaseStage();
  ~CaseStage();
  CaseStage(const CaseStage&) = delete;
  CaseStage& operator=(const CaseStage&) = delete;

  const std::string& folder() const { return muster_.folder(); }

  void Perform(const CaseStep& step);

 private:
  std::string At(const std::string& name) const { return muster_.path(name); }
  // {name} stands for `value` from here on.
  void Know(const std::string& name, const std::string& value);
  // Adds a socket that listens and never accepts: "tcp" and a port, 0 for one of the kernel's
  // choice, or the name of a Unix socket.
  void Listen(const std::vector<std::string>& words);
  // The port is {taken} from here on.
  ipc::UniqueFd BindTcp(int port);
  void Start();
  void LoseRightsFromHereOn();
  void MakeReadOnlyFromHereOn();
  // What a command does before it begins.
  std::function<bool()> Preparation() const;
  void Run(const CaseStep& step, const std::string& command);
  // The text with {names} for what differs from run to run.
  std::string Normal(std::string text) const;

  RunningMaster muster_;
  std::string outputs_;  // a folder
  std::vector<std::pair<std::string, std::string>> known_;
  std::vector<ipc::UniqueFd> listeners_;
  std::vector<std::string> changed_;  // by "mode"
  bool is_started_ = false;
  bool lose_rights_ = false;
  bool is_read_only_ = false;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_CASE_STAGE_H_
