// The admin service keeps what the last release promised to clients. What a release adds goes into
// the file by the command in admin_api.cc. What is there never goes, but with a new version of the
// package.

#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/api_listing.h"

namespace muster::config {
namespace {

TEST(AdminApi, KeepsWhatTheLastReleaseHas) {
  std::ifstream file("proto/admin_v1.api");
  std::vector<std::string> promised;
  for (std::string line; std::getline(file, line);) promised.push_back(line);
  ASSERT_GT(promised.size(), 100u) << "is it there at all?";
  EXPECT_THAT(BrokenPromises(promised, ListApi(*admin::v1::Status::descriptor()->file())),
              testing::IsEmpty());
}

}  // namespace
}  // namespace muster::config
