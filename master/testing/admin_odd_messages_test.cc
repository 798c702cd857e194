// Odd requests for each method that the descriptors of the services have, over a real socket.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "muster/config/access/admin_method.h"
#include "muster/master/admin/connection/status_bound.h"
#include "muster/master/testing/test_admin.h"

namespace muster::master {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using grpc::StatusCode;

// Below the bound of a request, and beyond it.
constexpr std::size_t kLongText = 48 * 1024;
constexpr std::size_t kMostRequestBytes = 64 * 1024;
constexpr int kMostDepth = 6;

// One extreme: the least of each number, or the greatest one, with texts of this length.
struct Extreme {
  bool is_least = false;
  std::size_t text_bytes = 0;
  int repeated = 1;
};

template <typename T>
T Bound(const Extreme& extreme) {
  return extreme.is_least ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
}

void SetField(Message* message, const FieldDescriptor* field, const Extreme& extreme, int depth);

void Fill(Message* message, const Extreme& extreme, int depth = 0) {
  const auto* const descriptor = message->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    SetField(message, descriptor->field(i), extreme, depth);
  }
}

void SetField(Message* message, const FieldDescriptor* field, const Extreme& extreme, int depth) {
  const Reflection& reflection = *message->GetReflection();
  const int times = field->is_repeated() ? extreme.repeated : 1;
  const auto set = [&](auto add, auto set_one, auto value) {
    for (int i = 0; i < times; ++i) {
      if (field->is_repeated()) {
        (reflection.*add)(message, field, value);
      } else {
        (reflection.*set_one)(message, field, value);
      }
    }
  };
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return set(&Reflection::AddInt32, &Reflection::SetInt32, Bound<std::int32_t>(extreme));
    case FieldDescriptor::CPPTYPE_INT64:
      return set(&Reflection::AddInt64, &Reflection::SetInt64, Bound<std::int64_t>(extreme));
    case FieldDescriptor::CPPTYPE_UINT32:
      return set(&Reflection::AddUInt32, &Reflection::SetUInt32, Bound<std::uint32_t>(extreme));
    case FieldDescriptor::CPPTYPE_UINT64:
      return set(&Reflection::AddUInt64, &Reflection::SetUInt64, Bound<std::uint64_t>(extreme));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return set(&Reflection::AddDouble, &Reflection::SetDouble, Bound<double>(extreme));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return set(&Reflection::AddFloat, &Reflection::SetFloat, Bound<float>(extreme));
    case FieldDescriptor::CPPTYPE_BOOL:
      return set(&Reflection::AddBool, &Reflection::SetBool, !extreme.is_least);
    case FieldDescriptor::CPPTYPE_ENUM:
      return set(&Reflection::AddEnumValue, &Reflection::SetEnumValue,
                 Bound<std::int32_t>(extreme));
    case FieldDescriptor::CPPTYPE_STRING:
      for (int i = 0; i < times; ++i) {
        const std::string text(extreme.text_bytes, extreme.is_least ? '\0' : 'x');
        if (field->is_repeated()) {
          reflection.AddString(message, field, text);
        } else {
          reflection.SetString(message, field, text);
        }
      }
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (depth >= kMostDepth) return;
      for (int i = 0; i < times; ++i) {
        Fill(field->is_repeated() ? reflection.AddMessage(message, field)
                                  : reflection.MutableMessage(message, field),
             extreme, depth + 1);
      }
      return;
  }
}

// The key of a field on the wire.
std::string Key(int number, int wire_type) {
  std::uint32_t key =
      static_cast<std::uint32_t>(number) << 3 | static_cast<std::uint32_t>(wire_type);
  std::string bytes;
  for (; key >= 128; key >>= 7) bytes += static_cast<char>(key | 128);
  return bytes + static_cast<char>(key);
}

struct Odd {
  std::string what;
  std::string bytes;
};

// Bytes that no client of ours sends.
std::vector<Odd> OddRequestsOf(const config::AdminMethod& method) {
  std::vector<Odd> odd;
  const auto add = [&](const std::string& what, const Extreme& extreme) {
    const std::unique_ptr<Message> message = RequestOf(method);
    Fill(message.get(), extreme);
    odd.push_back({what, message->SerializePartialAsString()});
  };
  add("the least of all", {.is_least = true});
  add("the greatest of all", {.text_bytes = 10});
  add("texts of zero bytes", {.is_least = true, .text_bytes = 300, .repeated = 3});
  add("long texts", {.text_bytes = kLongText});
  add("many of each", {.text_bytes = 1, .repeated = 2000});
  add("too much", {.text_bytes = kMostRequestBytes + 1, .repeated = 3});
  odd.push_back({"unknown fields", Key(1000, 0) + "\x01" + Key(536870911, 2) + "\x03" + "abc" +
                                       Key(999, 5) + "1234" + Key(998, 1) + "12345678"});
  odd.push_back({"many unknown fields", ""});
  while (odd.back().bytes.size() < kMostRequestBytes / 2) odd.back().bytes += Key(1000, 0) + "\x01";
  odd.push_back({"more than 64 KiB of unknown fields",
                 Key(1000, 2) + "\x80\x80\x05" + std::string(5 << 14, 'x')});
  odd.push_back({"a group that does not end", Key(1, 3)});
  odd.push_back({"the end of a group", Key(1, 4)});
  odd.push_back({"a wire type that there is not", Key(1, 7)});
  odd.push_back({"field 0", std::string(1, '\0')});
  odd.push_back({"a number without its end", Key(1, 0) + std::string(20, '\xff')});
  odd.push_back({"a length beyond the end", Key(1, 2) + "\xff\xff\xff\xff\x07" + "x"});
  for (int number = 1; number <= 5; ++number) {
    odd.push_back({absl::StrCat("field ", number, " without UTF-8"),
                   Key(number, 2) + "\x04" + "a\xff\xc0\x80"});
    odd.push_back({absl::StrCat("field ", number, " as a number"), Key(number, 0) + "\x01"});
    odd.push_back({absl::StrCat("field ", number, " as four bytes"), Key(number, 5) + "1234"});
    // Each is a message in the one around it, if the field is one.
    std::string deep;
    for (int i = 0; i < 100 && deep.size() < 120; ++i) {
      deep = Key(number, 2) + static_cast<char>(deep.size()) + deep;
    }
    odd.push_back({absl::StrCat("field ", number, " in itself"), deep});
  }
  return odd;
}

// The codes that proto/admin.proto and gRPC's services promise for a request of its owner.
bool IsClean(StatusCode code) {
  switch (code) {
    case StatusCode::OK:
    case StatusCode::INVALID_ARGUMENT:
    case StatusCode::NOT_FOUND:
    case StatusCode::FAILED_PRECONDITION:
    case StatusCode::ABORTED:
      return true;
    default:
      return false;
  }
}

TEST(AdminService, AnswersOddRequestsOfEachMethodAndGoesOn) {
  const google::protobuf::LogSilencer silencer;
  TestAdmin admin;
  const config::AdminMethod& status = config::AdminMethodAt("/muster.admin.v1.Admin/GetStatus");
  for (const config::AdminMethod& method : config::AdminMethods()) {
    for (const Odd& odd : OddRequestsOf(method)) {
      SCOPED_TRACE(absl::StrCat(std::string(method.path), ": ", odd.what));
      const TestAdmin::Answer answer = admin.Ask(method, odd.bytes);
      const StatusCode code = answer.status.error_code();
      const bool is_request = RequestOf(method)->ParseFromString(odd.bytes);
      // A longer one is RESOURCE_EXHAUSTED to gRPC's clients, which then close the connection.
      EXPECT_LE(SentBytes(answer.status), kMostStatusBytes);
      if (odd.bytes.size() > kMostRequestBytes) {
        EXPECT_EQ(code, StatusCode::RESOURCE_EXHAUSTED) << answer.status.error_message();
      } else if (!is_request) {
        EXPECT_EQ(code, StatusCode::INVALID_ARGUMENT) << answer.status.error_message();
      } else {
        EXPECT_TRUE(IsClean(code) || answer.was_left) << code << answer.status.error_message();
      }
      EXPECT_TRUE(answer.was_left || answer.messages == (answer.status.ok() ? 1u : 0u));
    }
    EXPECT_TRUE(admin.Ask(status, "").status.ok()) << "after " << std::string(method.path);
  }
}

}  // namespace
}  // namespace muster::master
