#ifndef MUSTER_TESTS_SUPPORT_DOCUMENT_STAGE_H_
#define MUSTER_TESTS_SUPPORT_DOCUMENT_STAGE_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "muster/ipc/base/unique_fd.h"
#include "muster/tests/support/case_file.h"
#include "muster/tests/support/case_stage.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/document.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/shown_values.h"

namespace muster::tests {

// Where the blocks of a document are performed that belong together: a case of their own, in a
// folder that the document shows as /srv/muster. Ports 8080 and 8081 of the document are ports of
// the kernel's choice. master, worker, ctl and the programs of the examples are found by their
// names.
//
// The comment of a block, after its first line, has steps in the language of tests/mistakes.txt,
// and these:
//   file NAME          without lines below it: the block itself is this file
//   tree               tools/run, tools/ctl, examples/site and what Bazel has built of them
//   serves COMMAND     this command of the block goes on when it has printed what is shown
//   run COMMAND        runs a command that readers do not see, which must exit with 0
//   worker NAME        NAME is the worker program of examples/NAME, for the configuration in the
//   block request PATH       a client sends half a request, so that it is in flight from here on
class DocumentStage {
 public:
  DocumentStage();
  ~DocumentStage();
  DocumentStage(const DocumentStage&) = delete;
  DocumentStage& operator=(const DocumentStage&) = delete;

  // Performs the steps of the comment, then what the block shows: commands are typed (console), a
  // configuration is checked (textproto). Differences are failures of the test.
  void Perform(const DocumentBlock& block);
  // Whether a block gave a file, and no command was typed since.
  bool has_unused_file() const { return has_unused_file_; }

 private:
  // A command that was typed. What it prints comes out of `output`.
  struct Command {
    std::unique_ptr<ChildProcess> process;
    ipc::UniqueFd output;
  };

  void PerformStep(const CaseStep& step, const DocumentBlock& block);
  void MakeTree();
  void SendHalfARequest(const std::string& path);
  void TypeSession(const DocumentBlock& block);
  // Types one command, which is to print `shown`.
  void Type(const std::string& place, const std::string& command, const std::string& shown);
  void CheckConfiguration(const DocumentBlock& block);
  Command Start(const std::string& command) const;
  // What it prints until it ends or, with `shown`, until it has printed that.
  std::string Await(const Command& command, const std::string* shown);

  CaseStage stage_;
  ShownValues values_;
  const std::string scratch_;  // a folder; programs are in bin/
  std::vector<ipc::UniqueFd> kept_ports_;
  std::set<std::string> serving_commands_;
  std::vector<Command> serving_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
  std::string worker_;
  bool has_unused_file_ = false;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_DOCUMENT_STAGE_H_
