#include "muster/master/aside/close_aside.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdint>

namespace muster::master {
namespace {

void* Close(void* fd) {
  ::close(static_cast<int>(reinterpret_cast<std::intptr_t>(fd)));
  return nullptr;
}

}  // namespace

void CloseAside(ipc::UniqueFd fd) {
  if (!fd.valid()) return;
  pthread_attr_t detached;
  if (::pthread_attr_init(&detached) != 0) return (void)fd.release();
  ::pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  // The thread has the descriptor from here on, if there is one.
  (void)::pthread_create(&thread, &detached, Close,
                         reinterpret_cast<void*>(std::intptr_t{fd.release()}));
  ::pthread_attr_destroy(&detached);
}

}  // namespace muster::master
