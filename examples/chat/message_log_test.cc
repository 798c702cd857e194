#include "muster/examples/chat/message_log.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::examples {
namespace {

TEST(MessageLog, HasNothingOfAMessageWhoseWriterWasKilled) {
  worker::testkit::FakeContext context(R"(zone { name: "chat" size_bytes: 1048576 })");
  const std::unique_ptr<MessageLog> log = *MessageLog::Open(context);
  for (std::uint64_t n = 0; n < LogTable::kMostMessages; ++n) log->Append("tea", absl::StrCat(n));
  LogTable& table = **(*context.zone("chat"))->Get<LogTable>("log");
  LogTable::Entry& next = table.entries[log->end() % LogTable::kMostMessages];
  next.text[0] = '?';  // as far as it came

  const auto messages = log->Read(0);

  ASSERT_FALSE(messages.empty());
  EXPECT_EQ(messages[0].number, 1u);
  EXPECT_EQ(messages[0].text, "1");
}

}  // namespace
}  // namespace muster::examples
