#include "muster/master/aside/close_aside.h"

#include <pthread.h>

#include <memory>
#include <utility>

namespace muster::master {
namespace {

using Fds = std::vector<ipc::UniqueFd>;

void* Close(void* fds) {
  const std::unique_ptr<Fds> owned(static_cast<Fds*>(fds));
  return nullptr;
}

}  // namespace

void CloseAside(ipc::UniqueFd fd) {
  if (!fd.valid()) return;
  Fds fds;
  fds.push_back(std::move(fd));
  CloseAside(std::move(fds));
}

void CloseAside(std::vector<ipc::UniqueFd> fds) {
  if (fds.empty()) return;
  pthread_attr_t detached;
  auto owned = std::make_unique<Fds>(std::move(fds));
  if (::pthread_attr_init(&detached) != 0) return (void)owned.release();
  ::pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  // The thread has the descriptors from here on, if there is one.
  (void)::pthread_create(&thread, &detached, Close, owned.release());
  ::pthread_attr_destroy(&detached);
}

}  // namespace muster::master
