#ifndef MUSTER_TESTS_SUPPORT_ZONE_OF_H_
#define MUSTER_TESTS_SUPPORT_ZONE_OF_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace muster::tests {

// The shared memory of a running process, as another process of its user can reach it, to write to
// it what no worker should. It stays valid when the process has ended.
class ZoneOf {
 public:
  // Maps the memfd called `name` that process `pid` has: "muster-zone". Aborts if it has none.
  explicit ZoneOf(pid_t pid, const std::string& name = "muster-zone");
  ~ZoneOf();
  ZoneOf(const ZoneOf&) = delete;
  ZoneOf& operator=(const ZoneOf&) = delete;

  std::uint32_t Read(std::size_t offset) const;
  void Write(std::size_t offset, std::uint32_t word) const;
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
};

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_ZONE_OF_H_
