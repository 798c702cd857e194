#include "muster/worker/http/files/representation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "muster/worker/http/message/http_date.h"

namespace muster::worker::http {
namespace {

class RepresentationTest : public testing::Test {
 protected:
  RepresentationTest() : path_(testing::TempDir() + "/representation.XXXXXX") {
    writer_.reset(::mkostemp(path_.data(), O_CLOEXEC));
    Write("0123456789");
  }
  ~RepresentationTest() override { ::unlink(path_.c_str()); }

  void Write(const std::string& content) {
    ASSERT_EQ(::pwrite(writer_.get(), content.data(), content.size(), 0),
              static_cast<ssize_t>(content.size()));
    ASSERT_EQ(::ftruncate(writer_.get(), static_cast<off_t>(content.size())), 0);
  }

  std::shared_ptr<OpenFile> Open() {
    auto file = std::make_shared<OpenFile>();
    file->fd.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    file->identity = *IdentityOf(file->fd.get());
    file->size_bytes = file->identity.size_bytes;
    file->modified_seconds = file->identity.modified_nanoseconds / 1'000'000'000;
    return file;
  }
  static void SetModified(OpenFile& file, std::int64_t nanoseconds) {
    file.identity.modified_nanoseconds = nanoseconds;
    file.modified_seconds = nanoseconds / 1'000'000'000;
  }
  // As if it had been written long ago.
  std::shared_ptr<OpenFile> OpenOld() {
    auto file = Open();
    SetModified(*file, 1);
    file->identity.changed_nanoseconds = 1;
    return file;
  }
  std::unique_ptr<Representation> Make(std::shared_ptr<const OpenFile> file,
                                       std::uint64_t max_content_bytes = 10) {
    return Representation::Create(std::move(file), coding_, max_content_bytes, kDateSeconds,
                                  "text/plain", "X: y\r\n");
  }

  static constexpr std::int64_t kDateSeconds = 1'000'000'000;

  std::string path_;
  ipc::UniqueFd writer_;
  ContentCoding coding_ = ContentCoding::kIdentity;
};

TEST_F(RepresentationTest, HoldsASmallContentAndNoDescriptor) {
  const auto file = Make(Open());
  EXPECT_TRUE(file->is_in_memory());
  EXPECT_FALSE(file->file()->fd.valid());
  EXPECT_EQ(file->whole().body(), "0123456789");
  EXPECT_TRUE(file->IsUnchanged());
}

TEST_F(RepresentationTest, LeavesALargeContentInItsFile) {
  const auto file = Make(Open(), 9);
  EXPECT_FALSE(file->is_in_memory());
  EXPECT_TRUE(file->file()->fd.valid());
  EXPECT_EQ(file->whole().body(), "");
  EXPECT_LT(file->memory_bytes(), 4096u);
}

TEST_F(RepresentationTest, HasTheFieldsOfTheFileAndThoseThatWereGiven) {
  const auto file = Make(Open());
  const std::string& fields = file->whole().fields();
  EXPECT_TRUE(absl::StartsWith(fields, "Content-Type: text/plain\r\nContent-Length: 10\r\n"));
  EXPECT_TRUE(absl::EndsWith(fields, "X: y\r\n"));
  EXPECT_TRUE(absl::StrContains(file->fields(),
                                absl::StrCat("\r\nETag: ", file->validators().entity_tag, "\r\n")));
  EXPECT_TRUE(absl::StrContains(file->fields(), "\r\nAccept-Ranges: bytes\r\n"));
}

TEST_F(RepresentationTest, SaysHowItIsEncodedAndHasATagOfItsOwn) {
  const std::string plain(Make(OpenOld())->validators().entity_tag);
  coding_ = ContentCoding::kBrotli;
  const auto file = Make(OpenOld());
  EXPECT_TRUE(absl::StrContains(file->fields(), "\r\nContent-Encoding: br\r\n"));
  EXPECT_EQ(file->validators().entity_tag,
            absl::StrCat(plain.substr(0, plain.size() - 1), "-br\""));
}

TEST_F(RepresentationTest, DoesNotSayHowItIsEncodedIfItIsNotModified) {
  coding_ = ContentCoding::kBrotli;
  const auto file = Make(OpenOld());
  std::string expected = file->fields();
  expected.erase(expected.find("Content-Encoding"), std::string("Content-Encoding: br\r\n").size());
  std::string fields = "before ";
  file->AppendNotModifiedFields(fields);
  EXPECT_EQ(fields, "before " + expected);
  coding_ = ContentCoding::kIdentity;
  const auto plain = Make(OpenOld());
  fields.clear();
  plain->AppendNotModifiedFields(fields);
  EXPECT_EQ(fields, plain->fields());
}

TEST_F(RepresentationTest, HasAnotherTagForEachNanosecond) {
  const auto one = OpenOld();
  const auto other = OpenOld();
  SetModified(*one, 1'000'000'001);
  SetModified(*other, 1'000'000'002);
  EXPECT_EQ(Make(one)->validators().entity_tag, "\"3b9aca01-a\"");
  EXPECT_NE(Make(one)->validators().entity_tag, Make(other)->validators().entity_tag);
}

TEST_F(RepresentationTest, HasAWeakTagOfThisReadingWhileItIsYoung) {
  const auto file = Open();
  const auto first = Make(file);
  const auto second = Make(file);
  EXPECT_TRUE(absl::StartsWith(first->validators().entity_tag, "W/\""));
  EXPECT_NE(first->validators().entity_tag, second->validators().entity_tag);
  EXPECT_FALSE(first->is_final());
  EXPECT_TRUE(Make(OpenOld())->is_final());
}

TEST_F(RepresentationTest, HasTheDateInsteadOfATimeInTheFuture) {
  const auto file = Open();
  constexpr std::int64_t kHour = 3'600'000'000'000;
  SetModified(*file, file->identity.modified_nanoseconds + kHour);
  const auto future = Make(file);
  EXPECT_TRUE(absl::StartsWith(
      future->fields(), absl::StrCat("Last-Modified: ", FormatHttpDate(kDateSeconds), "\r\n")));
  EXPECT_TRUE(absl::StartsWith(future->validators().entity_tag, "\""));
  // What a client was told is no reason to send it nothing.
  EXPECT_EQ(future->validators().modified_seconds, file->modified_seconds);
  EXPECT_FALSE(future->is_final());
}

TEST_F(RepresentationTest, TakesATimeThatNanosecondsDoNotHold) {
  constexpr std::int64_t kYear2400 = 13'569'465'600;
  const timespec times[] = {{kYear2400, 0}, {kYear2400, 0}};
  ASSERT_EQ(::futimens(writer_.get(), times), 0);
  struct stat status = {};
  ASSERT_EQ(::fstat(writer_.get(), &status), 0);
  const auto file = Open();
  // Unless the file system has no such times.
  file->modified_seconds = status.st_mtim.tv_sec;
  const auto future = Make(file);
  EXPECT_TRUE(absl::StrContains(future->fields(),
                                absl::StrCat("Last-Modified: ", FormatHttpDate(kDateSeconds))));
  EXPECT_FALSE(future->is_final());
}

TEST_F(RepresentationTest, GivesARangeFromMemoryAndFromItsFile) {
  for (const std::uint64_t max_content_bytes : {10, 9}) {
    std::string out = "before ";
    EXPECT_TRUE(Make(Open(), max_content_bytes)->AppendRange(out, {2, 3}));
    EXPECT_EQ(out, "before 234");
  }
}

TEST_F(RepresentationTest, CannotBeMadeOfAFileThatBecameShorter) {
  const auto file = Open();
  Write("0");
  EXPECT_EQ(Make(file), nullptr);
}

TEST_F(RepresentationTest, GivesNoRangeOfAFileThatBecameShorter) {
  const auto file = Make(Open(), 0);
  Write("0");
  std::string out;
  EXPECT_FALSE(file->AppendRange(out, {0, 10}));
}

TEST_F(RepresentationTest, NoticesThatItsOpenFileWasChanged) {
  const auto file = Make(OpenOld(), 0);
  // Its time of change is not what was noted.
  EXPECT_FALSE(file->IsUnchanged());
  EXPECT_TRUE(Make(Open(), 0)->IsUnchanged());
}

TEST_F(RepresentationTest, IsTheSameFileUntilThatIsChanged) {
  const auto old = OpenOld();
  const auto file = Make(old);
  EXPECT_TRUE(file->Is(*old));
  Write("9876543210");
  EXPECT_FALSE(file->Is(*Open()));
}

// A second write within a tick of the kernel's clock leaves the same times.
TEST_F(RepresentationTest, TrustsNoFileThatWasJustChanged) {
  const auto file = Open();
  EXPECT_FALSE(Make(file)->Is(*file));
}

}  // namespace
}  // namespace muster::worker::http
