#include "muster/master/admin/report/wire_message.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace muster::master {
namespace {

constexpr std::size_t kMostVarintBytes = 10;
constexpr std::size_t kLeastBytes = 64;

// The kind of a field's value, in the lowest bits of what is before it.
constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kDelimited = 2;

constexpr std::uint64_t TagOf(int field, std::uint64_t kind) {
  return static_cast<std::uint64_t>(field) << 3 | kind;
}

// Seven bits in each byte, the lowest ones first. Returns the end.
char* PutVarint(std::uint64_t value, char* to) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

}  // namespace

void WireMessage::AddNumber(int field, std::uint64_t value) {
  char* const begin = Room(2 * kMostVarintBytes);
  char* const end = PutVarint(value, PutVarint(TagOf(field, kVarint), begin));
  size_ += static_cast<std::size_t>(end - begin);
}

void WireMessage::AddMessage(int field, absl::string_view bytes, absl::string_view rest) {
  AddHead(field, bytes.size() + rest.size());
  AddFields(bytes);
  AddFields(rest);
}

void WireMessage::AddMessage(int field, const google::protobuf::MessageLite& message) {
  const std::size_t size = message.ByteSizeLong();
  AddHead(field, size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(Room(size)));
  size_ += size;
}

void WireMessage::AddFields(absl::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(Room(bytes.size()), bytes.data(), bytes.size());
  size_ += bytes.size();
}

void WireMessage::AddHead(int field, std::size_t size) {
  char* const begin = Room(2 * kMostVarintBytes);
  char* const end = PutVarint(size, PutVarint(TagOf(field, kDelimited), begin));
  size_ += static_cast<std::size_t>(end - begin);
}

void WireMessage::Grow(std::size_t bytes) {
  const std::size_t capacity = std::max({kLeastBytes, 2 * capacity_, size_ + bytes});
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

}  // namespace muster::master
