// Makes a master's program fail at a step of its restoring, which a file beside the program names:
// PROGRAM.fault has a line "STEP=WAY". For tests of what leads back.

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "muster/master/upgrade/undo_guard.h"
#include "muster/master/upgrade/upgrade_start.h"

namespace muster::master {
namespace {

[[noreturn]] void Overflow() {
  volatile char page[4096];
  page[0] = 1;
  if (page[0] == 1) Overflow();
  ::_exit(page[0]);
}

void* Fault(void*) {
  // Where nothing is; a compiler does not know it.
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
  return nullptr;
}
void* OverflowInThread(void*) { Overflow(); }

void InThread(void* (*main)(void*)) {
  pthread_t thread;
  if (::pthread_create(&thread, nullptr, main, nullptr) == 0) ::pthread_join(thread, nullptr);
}

std::string OwnPath() {
  char path[4096] = {};
  return ::readlink("/proc/self/exe", path, sizeof(path) - 1) < 0 ? "" : path;
}

// Tells that it waits by the file PROGRAM.waits, and goes on when there is PROGRAM.go.
void Wait() {
  std::ofstream(OwnPath() + ".waits") << "\n";
  while (::access((OwnPath() + ".go").c_str(), F_OK) != 0) ::usleep(1000);
}

void Fail(const std::string& way) {
  if (way == "refuse") Undo("it refuses, for a test");
  if (way == "exit") std::exit(0);
  if (way == "abort") std::abort();
  if (way == "segv") Fault(nullptr);
  if (way == "thread") InThread(Fault);
  if (way == "overflow") Overflow();
  if (way == "thread-overflow") InThread(OverflowInThread);
  if (way == "kill") ::raise(SIGKILL);
  if (way == "wait") Wait();
  if (way == "hang") {
    for (;;) ::pause();
  }
}

// In its trial it does what it should.
bool IsTrial() {
  std::ifstream file("/proc/self/cmdline");
  std::string line;
  std::getline(file, line);
  return line.find(kTryFlag) != line.npos;
}

}  // namespace

void OnRestoreStep(const char* step);
void OnRestoreStep(const char* step) {
  std::ifstream file(OwnPath() + ".fault");
  std::string wanted;
  std::getline(file, wanted);
  const std::size_t sign = wanted.find('=');
  if (sign == wanted.npos || wanted.substr(0, sign) != step) return;
  const std::string way = wanted.substr(sign + 1);
  // "trial-kill" is for the trial, and all others are for what comes after it.
  constexpr char kTrial[] = "trial-";
  const bool is_for_trial = way.rfind(kTrial, 0) == 0;
  if (is_for_trial != IsTrial()) return;
  Fail(is_for_trial ? way.substr(std::strlen(kTrial)) : way);
}

}  // namespace muster::master
