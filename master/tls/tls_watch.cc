#include "muster/master/tls/tls_watch.h"

#include <mutex>
#include <optional>
#include <utility>

#include "muster/ipc/base/status.h"

namespace muster::master {

// What the thread has for the loop.
struct TlsWatch::Shared {
  std::mutex mutex;
  bool is_looking = false;
  std::optional<absl::StatusOr<TlsMaterial>> found;
};

absl::StatusOr<std::unique_ptr<TlsWatch>> TlsWatch::Start(loop::TimerQueue& timers,
                                                          const config::v1::AdminTls& files,
                                                          const TlsMaterial& now,
                                                          OnChange on_change) {
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<SideThread> thread, SideThread::Start());
  return std::unique_ptr<TlsWatch>(
      new TlsWatch(timers, files, now, std::move(on_change), std::move(thread)));
}

TlsWatch::TlsWatch(loop::TimerQueue& timers, const config::v1::AdminTls& files,
                   const TlsMaterial& now, OnChange on_change, std::unique_ptr<SideThread> thread)
    : files_(files),
      on_change_(std::move(on_change)),
      now_(now),
      shared_(std::make_shared<Shared>()),
      thread_(std::move(thread)),
      timer_(timers, [this] { Look(); }) {
  timer_.SetAfter(kInterval);
}

void TlsWatch::Look() {
  timer_.SetAfter(kInterval);
  std::optional<absl::StatusOr<TlsMaterial>> found;
  bool begin = false;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    found.swap(shared_->found);
    begin = !std::exchange(shared_->is_looking, true);
  }
  if (begin) {
    thread_->Post([shared = shared_, files = files_] {
      absl::StatusOr<TlsMaterial> material = TlsMaterial::Read(files);
      const std::lock_guard<std::mutex> lock(shared->mutex);
      shared->found.emplace(std::move(material));
      shared->is_looking = false;
    });
  }
  if (found.has_value()) Tell(*found);
}

void TlsWatch::Tell(const absl::StatusOr<TlsMaterial>& found) {
  if (!found.ok()) {
    if (found.status().message() == told_) return;
    told_ = std::string(found.status().message());
    return on_change_(found);
  }
  told_.clear();
  if (*found == now_) return;
  now_ = *found;
  on_change_(found);
}

}  // namespace muster::master
