#include "muster/examples/chat/message_log.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/runtime/service.h"

namespace muster::examples {
namespace {

class MessageLogTest : public ::testing::Test, private worker::Context {
 protected:
  std::unique_ptr<MessageLog> Open() { return *MessageLog::Open(*this); }
  LogTable& table() { return **zone_.Get<LogTable>("log"); }

 private:
  loop::EventLoop& loop() override { return *loop_; }
  const config::v1::Config& config() const override { return config_; }
  std::uint32_t index() const override { return 0; }
  std::uint32_t slot() const override { return 0; }
  std::uint64_t generation() const override { return 1; }
  worker::SlotStats& stats() override { return shared_.stats(0); }
  const worker::SharedZone& zone() const override { return shared_; }
  absl::StatusOr<const worker::UserZone*> zone(absl::string_view) const override { return &zone_; }
  worker::Metrics& metrics() override { return metrics_; }
  void Post(std::function<void()> task) override { loop_->Post(std::move(task)); }
  void Log(config::v1::Log::Level, absl::string_view) override {}
  bool is_draining() const override { return false; }
  bool HasHandoffRoom() override { return true; }
  void HandOff(worker::Connection, std::string) override {}

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  worker::SharedZone shared_ = *worker::SharedZone::Create(8);
  const worker::UserZone created_ = *worker::UserZone::Create("chat", 1 << 20);
  const worker::UserZone zone_ = *worker::UserZone::Attach(
      "chat", *ipc::DuplicateFd(created_.memory_fd()), *ipc::DuplicateFd(created_.bell_fd()));
  worker::Metrics metrics_;
  config::v1::Config config_;
};

TEST_F(MessageLogTest, HasNothingOfAMessageWhoseWriterWasKilled) {
  const auto log = Open();
  for (std::uint64_t n = 0; n < LogTable::kMostMessages; ++n) log->Append("tea", absl::StrCat(n));
  LogTable::Entry& next = table().entries[log->end() % LogTable::kMostMessages];
  next.text[0] = '?';  // as far as it came

  const auto messages = log->Read(0);

  ASSERT_FALSE(messages.empty());
  EXPECT_EQ(messages[0].number, 1u);
  EXPECT_EQ(messages[0].text, "1");
}

}  // namespace
}  // namespace muster::examples
