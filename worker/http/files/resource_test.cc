#include "muster/worker/http/files/resource.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

// "/page" in brotli, which we like best, in gzip, and as it is.
class ResourceTest : public testing::Test {
 protected:
  ResourceTest() {
    resource_.original = Represent(original_, ContentCoding::kIdentity);
    for (const auto& [coding, file] : encoded_) {
      resource_.encoded.push_back(Represent(file, coding));
    }
  }

  // Unlike any other, and as if it had been written long ago.
  static std::shared_ptr<const OpenFile> File(const std::string& content) {
    auto file = std::make_shared<OpenFile>();
    file->fd.reset(::memfd_create("resource", MFD_CLOEXEC));
    EXPECT_EQ(::write(file->fd.get(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    file->identity = *IdentityOf(file->fd.get());
    file->identity.changed_nanoseconds = file->identity.modified_nanoseconds = 1;
    file->size_bytes = content.size();
    return file;
  }

  static std::unique_ptr<Representation> Represent(std::shared_ptr<const OpenFile> file,
                                                   ContentCoding coding) {
    return Representation::Create(std::move(file), coding, kMaxContentBytes, /*date_seconds=*/1,
                                  "text/plain", "");
  }

  static constexpr std::uint64_t kMaxContentBytes = 10;

  const std::shared_ptr<const OpenFile> original_ = File("longer than ten");
  const OpenFiles encoded_ = {{ContentCoding::kBrotli, File("brotli")},
                              {ContentCoding::kGzip, File("gzip")}};
  Resource resource_;
};

TEST_F(ResourceTest, SelectsWhatTheClientLikesBest) {
  EXPECT_EQ(resource_.Select("br;q=0.5, gzip"), resource_.encoded[1].get());
}

TEST_F(ResourceTest, SelectsTheFirstOfThoseThatTheClientLikesAsWell) {
  EXPECT_EQ(resource_.Select("gzip, br"), resource_.encoded[0].get());
}

TEST_F(ResourceTest, SelectsTheOriginalForAClientThatNamesNoCoding) {
  EXPECT_EQ(resource_.Select(std::nullopt), resource_.original.get());
}

TEST_F(ResourceTest, SelectsNothingForAClientThatAcceptsNothing) {
  EXPECT_EQ(resource_.Select("zstd, identity;q=0"), nullptr);
}

TEST_F(ResourceTest, IsTheSameWhileItsFilesAre) { EXPECT_TRUE(resource_.Is(*original_, encoded_)); }

TEST_F(ResourceTest, IsAnotherWithAnotherFile) {
  EXPECT_FALSE(resource_.Is(*File("longer than ten"), encoded_));
  EXPECT_FALSE(resource_.Is(*original_, {encoded_[0], {ContentCoding::kGzip, File("gzip")}}));
}

TEST_F(ResourceTest, IsAnotherWhenAnEncodedFileComesOrGoes) {
  EXPECT_FALSE(resource_.Is(*original_, {encoded_[0]}));
  EXPECT_FALSE(resource_.Is(*original_, {encoded_[1], encoded_[0]}));
}

TEST_F(ResourceTest, CountsTheDescriptorsOfWhatIsNotInMemory) {
  EXPECT_EQ(resource_.descriptors(), 1u);
}

}  // namespace
}  // namespace muster::worker::http
