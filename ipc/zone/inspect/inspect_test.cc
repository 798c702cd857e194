// The program, as a person calls it.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/scratch_folder.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int code;
  std::string text;  // of both streams
};

Ran RunZone(const std::string& arguments) {
  const std::string program =
      absl::StrCat(std::getenv("TEST_SRCDIR"), "/muster/ipc/zone/inspect/zone");
  std::FILE* const out = ::popen(absl::StrCat(program, " ", arguments, " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 4096> piece;
  for (std::size_t size; (size = std::fread(piece.data(), 1, piece.size(), out)) > 0;) {
    text.append(piece.data(), size);
  }
  return {WEXITSTATUS(::pclose(out)), text};
}

class InspectTest : public ::testing::Test {
 protected:
  std::string Place() const { return absl::StrCat("file:", folder_.path(), "/zone"); }

  const testing::ScratchFolder folder_;
  TestZone page_;
  Gate* ready_ = page_.Place<Gate>();
  Gate* never_ = page_.Place<Gate>();
  const Zone zone_ = *Zone::Create(ZonePlace::File(folder_.path() + "/zone"));
};

struct Ledger {
  std::int64_t balance = 0;
};

TEST_F(InspectTest, ShowsWhoTakesPartAndWhatTheyHold) {
  ForkedChild child([&] {
    const auto self = zone_.Join();
    if ((*zone_.Get<ZoneMutex>("ledger.lock"))->Lock() != LockOutcome::kAcquired) return 1;
    if (!zone_.Get<Ledger>("ledger").ok()) return 2;
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  const Ran shown = RunZone("show " + Place());
  EXPECT_EQ(shown.code, 0) << shown.text;
  EXPECT_THAT(shown.text, HasSubstr(" 1 participants of 64, 2 objects of 1024"));
  EXPECT_THAT(shown.text, ContainsRegex(absl::StrCat(child.pid(), " +live\n")));
  EXPECT_THAT(shown.text, ContainsRegex("ledger\\.lock +mutex +Mutex +1 +128 +0 +0 +held by"));
  EXPECT_THAT(shown.text, ContainsRegex("ledger +plain .*Ledger +1 +8 +- +-\n"));
  const Ran json = RunZone("show -o json " + Place());
  EXPECT_THAT(json.text, HasSubstr("\"name\": \"ledger.lock\""));
  child.Kill();
  EXPECT_THAT(RunZone("show " + Place()).text, HasSubstr("dead, not buried"));
}

TEST_F(InspectTest, BuriesTheDeadAndNobodyElse) {
  const auto self = zone_.Join();
  ForkedChild child([&] {
    const auto other = zone_.Join();
    if ((*zone_.Get<ZoneMutex>("lock"))->Lock() != LockOutcome::kAcquired) return 1;
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  EXPECT_EQ(RunZone("repair " + Place()).text, "nobody is to be buried\n");
  child.Kill();
  const Ran repaired = RunZone("repair " + Place());
  EXPECT_EQ(repaired.code, 0) << repaired.text;
  EXPECT_THAT(repaired.text, HasSubstr(absl::StrCat("process ", child.pid(), "\n")));
  const Ran shown = RunZone("show " + Place());
  EXPECT_THAT(shown.text, ContainsRegex("lock +mutex +Mutex +1 +128 +0 +1 +an owner died"));
  EXPECT_THAT(RunZone("show -o json " + Place()).text, ContainsRegex("\"recoveries\": 1"));
  EXPECT_THAT(shown.text, Not(HasSubstr("dead")));
  EXPECT_TRUE(zone_.registry().IsLiveNow(self->tag()));
}

TEST_F(InspectTest, ShowsNamesThatAreGarbageAsText) {
  const auto self = zone_.Join();
  ASSERT_TRUE(zone_.Get<Ledger>("ledger").ok());
  void* const memory =
      ::mmap(nullptr, zone_.size_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, zone_.fd(), 0);
  const ZoneParts parts(static_cast<std::byte*>(memory), zone_.sizes());
  parts.entries()[0].name = {'a', '\x1b', '[', '\xff'};
  EXPECT_THAT(RunZone("show " + Place()).text, HasSubstr("a\\x1b[\\xff "));
  EXPECT_THAT(RunZone("show -o json " + Place()).text, HasSubstr("a\\\\x1b[\\\\xff\""));
  ::munmap(memory, zone_.size_bytes());
}

TEST_F(InspectTest, OpensAMemfdOfAnotherProcess) {
  const Zone memfd = *Zone::Create(ZonePlace::Memfd("inspected"));
  const std::string place = absl::StrCat("fd:/proc/", ::getpid(), "/fd/", memfd.fd());
  EXPECT_THAT(RunZone("show " + place).text, HasSubstr("0 participants of 64"));
  EXPECT_EQ(RunZone("repair " + place).code, 0);
}

TEST_F(InspectTest, SaysWhatItCannotDo) {
  const Ran missing = RunZone("show file:/nowhere/zone");
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.text, HasSubstr("/nowhere/zone: No such file or directory"));
  EXPECT_EQ(RunZone("show file:/dev/null").code, 1);
  EXPECT_EQ(RunZone("show fd:/dev/zero").code, 1);
  for (const char* arguments : {"", "show", "show a b", "look /x", "--bad", "show -o yaml /x"}) {
    EXPECT_EQ(RunZone(arguments).code, 2) << arguments;
  }
  EXPECT_EQ(RunZone("--help").code, 0);
  EXPECT_THAT(RunZone("--help").text, HasSubstr("Example: "));
}

}  // namespace
}  // namespace muster::ipc
