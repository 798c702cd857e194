#include "muster/worker/runtime/stack_report.h"

#include <execinfo.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "absl/debugging/symbolize.h"
#include "muster/worker/protocol/stack_signal.h"

namespace muster::worker {
namespace {

constexpr int kMostFrames = 48;
constexpr std::size_t kMostBytes = 8192;
constexpr std::size_t kMostWriterBytes = 80;

// What the handler uses. It cannot be given an object.
struct Answerer {
  ipc::Gauge* answers = nullptr;
  pid_t self = 0;
  pid_t master = 0;
  char writer[kMostWriterBytes] = {};
};
Answerer answerer;
std::atomic<bool> is_answering{false};
// Another thread got the signal, and has passed it on to the main thread.
std::atomic<bool> is_passed_on{false};
struct sigaction answered_before = {};

// All that follows is called in the handler: it neither allocates nor locks.

class Text {
 public:
  void Add(const char* text) {
    while (*text != '\0' && size_ < kMostBytes) bytes_[size_++] = *text++;
  }
  void AddHex(std::uintptr_t number) {
    char digits[2 * sizeof(number)];
    std::size_t count = 0;
    do {
      digits[count++] = "0123456789abcdef"[number % 16];
      number /= 16;
    } while (number > 0);
    while (count > 0 && size_ < kMostBytes) bytes_[size_++] = digits[--count];
  }
  // What is not taken at once is lost: nobody may wait here for a reader.
  void WriteOut() { (void)!::write(STDERR_FILENO, bytes_, size_); }

 private:
  char bytes_[kMostBytes];
  std::size_t size_ = 0;
};

// Its frame is one of those that are left out.
[[gnu::noinline]] void WriteStack() {
  void* frames[kMostFrames];
  const int count = ::backtrace(frames, kMostFrames);
  Text text;
  text.Add(answerer.writer);
  text.Add(" does not run its loop; its stack:\n");
  // Without this function, the handler, and the frame that the kernel made for it.
  for (int i = 3; i < count; ++i) {
    text.Add("    0x");
    text.AddHex(reinterpret_cast<std::uintptr_t>(frames[i]));
    // A return address is behind the call.
    const char* const pc = static_cast<const char*>(frames[i]) - (i == 3 ? 0 : 1);
    char name[256];
    text.Add(" ");
    text.Add(absl::Symbolize(pc, name, sizeof(name)) ? name : "?");
    text.Add("\n");
  }
  text.WriteOut();
}

void OnSignal(int, siginfo_t* info, void*) {
  const int error = errno;
  // Acquire: pairs with the release in the constructor.
  if (is_answering.load(std::memory_order_acquire) && ::getpid() == answerer.self) {
    const bool is_asked = info->si_code == SI_USER && info->si_pid == answerer.master;
    if (::gettid() != answerer.self) {
      if (is_asked) {
        is_passed_on = true;
        ::syscall(SYS_tgkill, answerer.self, answerer.self, kStackSignal);
      }
    } else if (is_passed_on.exchange(false) || is_asked) {
      WriteStack();
      answerer.answers->Add();
    }
  }
  errno = error;
}

}  // namespace

StackReport::StackReport(ipc::Gauge& answers, pid_t master, const std::string& writer) {
  answerer.answers = &answers;
  answerer.self = ::getpid();
  answerer.master = master;
  std::snprintf(answerer.writer, sizeof(answerer.writer), "%s", writer.c_str());
  absl::InitializeSymbolizer(nullptr);
  // The first call loads a library.
  void* frame = nullptr;
  (void)::backtrace(&frame, 1);
  // Release: the handler finds all of the above.
  is_answering.store(true, std::memory_order_release);
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigfillset(&action.sa_mask);
  ::sigaction(kStackSignal, &action, &answered_before);
  answers.Set(1);
}

StackReport::~StackReport() {
  answerer.answers->Clear();
  is_answering.store(false, std::memory_order_release);
  ::sigaction(kStackSignal, &answered_before, nullptr);
}

}  // namespace muster::worker
