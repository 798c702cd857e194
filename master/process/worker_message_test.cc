#include "muster/master/process/worker_message.h"

#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/proto/field_error.h"
#include "muster/proto/utf8.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

using worker::Command;

std::optional<Event> Read(Command command, const std::string& payload) {
  ipc::ReceivedMessage message;
  message.command = ipc::CommandNumber(command);
  message.payload = payload;
  return ReadWorkerMessage(7, message);
}

absl::Status ReasonOf(const std::string& payload) {
  return std::get<FailedEvent>(*Read(Command::kFailed, payload)).reason;
}

std::string Failed(const std::string& reason, const std::string& field = "") {
  worker::v1::Failed failed;
  failed.set_reason(reason);
  failed.set_field(field);
  return failed.SerializeAsString();
}

TEST(WorkerMessage, TellsWhichWorkerIsReady) {
  EXPECT_EQ(std::get<ReadyEvent>(*Read(Command::kReady, "")).slot, 7u);
}

TEST(WorkerMessage, TellsWhyAWorkerFailedAndInWhichField) {
  const absl::Status reason = ReasonOf(Failed("no such folder", "http.access_log.path"));
  EXPECT_EQ(reason.message(), "no such folder");
  EXPECT_EQ(config::FieldOf(reason), "http.access_log.path");
}

TEST(WorkerMessage, TellsWhatWasCarriedOut) {
  worker::v1::Ack ack;
  ack.set_sequence(42);
  ack.set_error("disk full");
  const auto event = std::get<AckedEvent>(*Read(Command::kAck, ack.SerializeAsString()));
  EXPECT_EQ(event.token, 42u);
  EXPECT_EQ(event.error, "disk full");
}

TEST(WorkerMessage, IgnoresWhatItDoesNotKnow) {
  EXPECT_FALSE(Read(Command::kHello, "").has_value());
  EXPECT_FALSE(Read(static_cast<Command>(9999), "").has_value());
}

TEST(WorkerMessage, EscapesWhatIsNoTextOfOneLine) {
  EXPECT_EQ(ReasonOf(Failed("a\nb\xff\x1b")).message(), "a\\x0ab\\xff\\x1b");
  EXPECT_EQ(config::FieldOf(ReasonOf(Failed("a", "b\xff"))), "b\\xff");
}

TEST(WorkerMessage, CutsLongTexts) {
  const std::string message(ReasonOf(Failed(std::string(60'000, '\xfe'))).message());
  EXPECT_LE(message.size(), kMostWorkerTextBytes);
  EXPECT_TRUE(config::IsUtf8(message));
}

TEST(WorkerMessage, SaysSoWhenAPayloadCannotBeRead) {
  EXPECT_EQ(ReasonOf("\xff\xff").message(), "it did not say why in a way that can be read");
  EXPECT_EQ(std::get<AckedEvent>(*Read(Command::kAck, "\x08\x2a\xff")).error,
            "its answer cannot be read");
}

}  // namespace
}  // namespace muster::master
