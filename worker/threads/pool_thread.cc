#include "muster/worker/threads/pool_thread.h"

#include <pthread.h>
#include <sys/mman.h>

#include <csignal>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::worker {
namespace {

constexpr std::size_t kMostNameBytes = 15;
constexpr int kOwnMistakes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

// Of this thread, as long as it lives. What a sanitizer had made for the thread is put back.
class AlternateStack {
 public:
  AlternateStack() {
    void* const memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    // Then a report of an overflow is missing, and nothing else.
    if (memory == MAP_FAILED) return;
    stack_t stack = {};
    stack.ss_sp = memory;
    stack.ss_size = kBytes;
    is_set_ = ::sigaltstack(&stack, &before_) == 0;
    memory_ = memory;
  }
  ~AlternateStack() {
    if (is_set_) ::sigaltstack(&before_, nullptr);
    if (memory_ != nullptr) ::munmap(memory_, kBytes);
  }
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  static constexpr std::size_t kBytes = 65536;

  void* memory_ = nullptr;
  bool is_set_ = false;
  stack_t before_ = {};
};

// Blocks in this thread what a thread that it starts shall not get.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t set;
    ::sigfillset(&set);
    for (const int signal : kOwnMistakes) ::sigdelset(&set, signal);
    ::pthread_sigmask(SIG_SETMASK, &set, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

absl::StatusOr<std::thread> StartPoolThread(std::uint32_t number, std::function<void()> body) {
  const SignalsBlocked blocked;
  try {
    return std::thread([number, body = std::move(body)] {
      const std::string name = absl::StrCat("muster/pool-", number);
      ::pthread_setname_np(::pthread_self(), name.substr(0, kMostNameBytes).c_str());
      const AlternateStack stack;
      body();
    });
  } catch (const std::system_error& error) {
    return ipc::ErrnoStatus("threads: start a thread", error.code().value());
  }
}

}  // namespace muster::worker
