#ifndef MUSTER_MASTER_ADMIN_REPORT_WIRE_MESSAGE_H_
#define MUSTER_MASTER_ADMIN_REPORT_WIRE_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

namespace muster::master {

// A protobuf message as it is sent, written field by field without the message itself, whose
// submessages would cost an allocation each. Fields may come in any order. Of a field that is not
// repeated the last one counts, and parts of one submessage are merged.
class WireMessage {
 public:
  explicit WireMessage(std::size_t expected_bytes) { Grow(expected_bytes); }

  // A field of a number, a boolean or an enumeration; written also if it is 0.
  void AddNumber(int field, std::uint64_t value);
  // A submessage that is serialised already, in up to two parts.
  void AddMessage(int field, absl::string_view bytes, absl::string_view rest = "");
  void AddMessage(int field, const google::protobuf::MessageLite& message);
  // Fields of this message that are serialised already.
  void AddFields(absl::string_view bytes);

  void Clear() { size_ = 0; }
  // Until the next change.
  absl::string_view bytes() const { return {bytes_.get(), size_}; }

 private:
  // Where so many bytes may be written.
  char* Room(std::size_t bytes) {
    if (capacity_ - size_ < bytes) Grow(bytes);
    return &bytes_[size_];
  }
  void Grow(std::size_t bytes);
  void AddHead(int field, std::size_t size);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_REPORT_WIRE_MESSAGE_H_
