// A program that is tried. Its first argument says what it does.

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "muster/master/upgrade/trial_run.h"
#include "muster/master/upgrade/undo_guard.h"
#include "muster/master/upgrade/upgrade_start.h"

int main(int argc, char** argv) {
  using muster::master::GiveVerdict;
  const muster::master::UpgradeStart start = muster::master::ReadUpgradeStart(argc, argv);
  if (start.role != muster::master::UpgradeStart::Role::kTrial) return 2;
  muster::master::ArmUndoGuard(start);
  const std::string what = argv[1 + muster::master::kUpgradeArguments];
  if (what == "yes") GiveVerdict(start.verdict, std::string("1.2.3"));
  if (what == "no") GiveVerdict(start.verdict, absl::InvalidArgumentError("state.x: is missing"));
  if (what == "silent") {
    std::fputs("I am another program\nwhich says more\n", stderr);
    return 0;
  }
  if (what == "crash") {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler exits
    ::raise(SIGSEGV);
  }
  if (what == "slow") {
    muster::master::TellTrialSteps(start.verdict);
    muster::master::NoteRestoreStep("reading the state");
    muster::master::NoteRestoreStep("restoring the workers");
    for (;;) ::pause();
  }
  if (what == "steps") {
    muster::master::TellTrialSteps(start.verdict);
    muster::master::NoteRestoreStep("reading the state");
    GiveVerdict(start.verdict, std::string("1.2.3"));
  }
  if (what == "hang") {
    for (;;) ::pause();
  }
  // With a process of its own, which is to end with it.
  if (what == "family" && ::fork() == 0) {
    const int fd = ::open(argv[2 + muster::master::kUpgradeArguments], O_RDONLY | O_NONBLOCK);
    for (;;) ::pause();
    ::close(fd);
  }
  if (what == "family") {
    for (;;) ::pause();
  }
  // What it finds under a number.
  if (what == "read") {
    char text[64] = {};
    const int fd = std::stoi(argv[2 + muster::master::kUpgradeArguments]);
    if (::pread(fd, text, sizeof(text) - 1, 0) < 0) return 3;
    GiveVerdict(start.verdict, std::string(text));
  }
  // Whether it has more than it was given.
  if (what == "count") {
    int open = 0;
    for (int fd = 0; fd < 1024; ++fd) open += ::fcntl(fd, F_GETFD) >= 0;
    GiveVerdict(start.verdict, std::to_string(open));
  }
  return 4;
}
