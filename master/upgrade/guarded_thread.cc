// While an undo guard is armed, each thread gets a stack for its handlers, so that one whose own
// stack is full leads back as well. The threads of libraries are started by this function too: the
// program's own comes before that of the C library.
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <new>

#include "muster/master/upgrade/undo_guard.h"

// Sanitizers have such a function of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define MUSTER_HAS_SANITIZER
#endif
#endif
#else
#define MUSTER_HAS_SANITIZER
#endif

#ifndef MUSTER_HAS_SANITIZER
namespace {

using Main = void* (*)(void*);
using Create = int (*)(pthread_t*, const pthread_attr_t*, Main, void*);

struct Guarded {
  Main main;
  void* argument;
};

class HandlerStack {
 public:
  HandlerStack()
      : memory_(
            ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) return;
    stack_t stack = {};
    stack.ss_sp = memory_;
    stack.ss_size = kBytes;
    ::sigaltstack(&stack, nullptr);
  }
  HandlerStack(const HandlerStack&) = delete;
  HandlerStack& operator=(const HandlerStack&) = delete;
  ~HandlerStack() {
    if (memory_ == MAP_FAILED) return;
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, kBytes);
  }

 private:
  static constexpr std::size_t kBytes = 32 << 10;
  void* const memory_;
};

void* RunGuarded(void* guarded) {
  const Guarded thread = *static_cast<Guarded*>(guarded);
  delete static_cast<Guarded*>(guarded);
  const HandlerStack stack;
  return thread.main(thread.argument);
}

}  // namespace

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, Main main,
                              void* argument) {
  static const auto create = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (create == nullptr) return EAGAIN;
  if (!muster::master::IsUndoGuardArmed()) return create(thread, attributes, main, argument);
  auto* const guarded = new (std::nothrow) Guarded{main, argument};
  if (guarded == nullptr) return EAGAIN;
  const int error = create(thread, attributes, RunGuarded, guarded);
  if (error != 0) delete guarded;
  return error;
}
#endif
