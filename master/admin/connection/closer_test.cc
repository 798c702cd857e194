#include "muster/master/admin/connection/closer.h"

#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

// Its destruction waits until the test lets it.
struct Slow {
  explicit Slow(std::future<void> go) : go(std::move(go)) {}
  ~Slow() { go.wait(); }
  std::future<void> go;
};

TEST(Closer, DestroysInAnotherThread) {
  std::promise<std::thread::id> where;
  struct Witness {
    explicit Witness(std::promise<std::thread::id>& where) : where(where) {}
    ~Witness() { where.set_value(std::this_thread::get_id()); }
    std::promise<std::thread::id>& where;
  };
  const auto closer = *Closer::Create([] {});
  closer->Close(std::make_shared<Witness>(where));
  EXPECT_NE(where.get_future().get(), std::this_thread::get_id());
}

TEST(Closer, DoesNotMakeItsCallerWait) {
  std::promise<void> go;
  const auto closer = *Closer::Create([] {});
  closer->Close(std::make_shared<Slow>(go.get_future()));
  closer->Close(std::make_shared<int>(1));
  EXPECT_EQ(closer->size(), 2u);
  go.set_value();
}

TEST(Closer, TellsWhenNothingIsLeft) {
  std::promise<void> go;
  std::promise<void> idle;
  const auto closer = *Closer::Create([&] { idle.set_value(); });
  closer->Close(std::make_shared<Slow>(go.get_future()));
  closer->Close(std::make_shared<int>(1));
  std::future<void> is_idle = idle.get_future();
  EXPECT_EQ(is_idle.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  go.set_value();
  is_idle.wait();
  EXPECT_EQ(closer->size(), 0u);
}

TEST(Closer, DestroysEverythingBeforeItsOwnEnd) {
  const auto thing = std::make_shared<int>(1);
  {
    const auto closer = *Closer::Create([] {});
    for (int i = 0; i < 100; ++i) closer->Close(std::make_shared<std::shared_ptr<int>>(thing));
  }
  EXPECT_EQ(thing.use_count(), 1);
}

}  // namespace
}  // namespace muster::master
