#include "muster/master/listen/socket_choice.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

WantedSocket Wanted(const std::string& address, SocketUser user = SocketUser::kService) {
  return {user, *listen::Address::Parse(address), std::nullopt};
}

PresentSocket Present(const std::string& address, SocketUser user = SocketUser::kService) {
  return {user, *listen::Address::Parse(address), *listen::Address::Parse(address), std::nullopt};
}

PresentSocket PresentAt(const std::string& wanted, const std::string& bound) {
  return {SocketUser::kService, *listen::Address::Parse(wanted), *listen::Address::Parse(bound),
          std::nullopt};
}

TEST(SocketChoice, KeepsWhatIsWantedAgainAndDropsTheRest) {
  const SocketChoice choice = ChooseSockets({Wanted("127.0.0.2:80"), Wanted("127.0.0.1:80")},
                                            {Present("127.0.0.1:80"), Present("127.0.0.1:81")});
  EXPECT_EQ(choice.fates[0].kept, std::nullopt);
  EXPECT_FALSE(choice.fates[0].is_beside);
  EXPECT_EQ(choice.fates[1].kept, 0u);
  EXPECT_THAT(choice.dropped, ElementsAre(1));
}

TEST(SocketChoice, MakesASingleAddressBesideTheOneThatMeansAnyAndDropsThat) {
  const SocketChoice choice =
      ChooseSockets({Wanted("127.0.0.1:80"), Wanted("127.0.0.2:80")}, {Present("*:80")});
  for (const SocketChoice::Fate& fate : choice.fates) {
    EXPECT_EQ(fate.kept, std::nullopt);
    EXPECT_TRUE(fate.is_beside);
    EXPECT_THAT(fate.within, IsEmpty());
  }
  EXPECT_THAT(choice.dropped, ElementsAre(0));
}

TEST(SocketChoice, KeepsSingleAddressesWithinTheOneThatMeansAny) {
  const SocketChoice choice = ChooseSockets(
      {Wanted("*:80")},
      {Present("127.0.0.1:80"), Present("[::1]:80"), Present("127.0.0.2:80"), Present("*:81")});
  EXPECT_EQ(choice.fates[0].kept, std::nullopt);
  EXPECT_TRUE(choice.fates[0].is_beside);
  EXPECT_THAT(choice.fates[0].within, ElementsAre(0, 2));
  EXPECT_THAT(choice.dropped, ElementsAre(1, 3));
}

TEST(SocketChoice, KeepsBothAsLongAsTheAddressThatMeansAnyIsWanted) {
  const SocketChoice choice =
      ChooseSockets({Wanted("*:80")}, {Present("*:80"), Present("127.0.0.1:80")});
  EXPECT_EQ(choice.fates[0].kept, 0u);
  EXPECT_FALSE(choice.fates[0].is_beside);
  EXPECT_THAT(choice.fates[0].within, ElementsAre(1));
  EXPECT_THAT(choice.dropped, IsEmpty());
}

TEST(SocketChoice, GoesBackToTheSingleAddressThatWasKeptWithin) {
  const SocketChoice choice =
      ChooseSockets({Wanted("127.0.0.1:80"), Wanted("127.0.0.2:80")},
                    {Present("*:80"), Present("127.0.0.1:80"), Present("127.0.0.3:80")});
  EXPECT_EQ(choice.fates[0].kept, 1u);
  EXPECT_FALSE(choice.fates[0].is_beside);
  EXPECT_EQ(choice.fates[1].kept, std::nullopt);
  EXPECT_TRUE(choice.fates[1].is_beside);
  EXPECT_THAT(choice.dropped, ElementsAre(0, 2));
}

TEST(SocketChoice, KeepsTheFamiliesApart) {
  const SocketChoice choice = ChooseSockets({Wanted("[::]:80"), Wanted("127.0.0.1:80")},
                                            {Present("127.0.0.1:80"), Present("[::1]:80")});
  EXPECT_TRUE(choice.fates[0].is_beside);
  EXPECT_THAT(choice.fates[0].within, ElementsAre(1));
  EXPECT_EQ(choice.fates[1].kept, 0u);
}

TEST(SocketChoice, GivesNoSocketToAnotherUserNorMakesOneBesideIt) {
  const SocketChoice choice =
      ChooseSockets({Wanted("127.0.0.1:80"), Wanted("*:81", SocketUser::kMetrics)},
                    {Present("127.0.0.1:80", SocketUser::kAdmin), Present("127.0.0.1:81")});
  for (const SocketChoice::Fate& fate : choice.fates) {
    EXPECT_EQ(fate.kept, std::nullopt);
    EXPECT_FALSE(fate.is_beside);
    EXPECT_THAT(fate.within, IsEmpty());
  }
  EXPECT_THAT(choice.dropped, ElementsAre(0, 1));
}

TEST(SocketChoice, GivesWhatIsForNobodyToWhoeverWantsTheVeryAddress) {
  const SocketChoice choice = ChooseSockets(
      {Wanted("127.0.0.1:80"), Wanted("*:81", SocketUser::kMetrics), Wanted("127.0.0.1:82")},
      {Present("127.0.0.1:80", SocketUser::kNobody), Present("127.0.0.1:81", SocketUser::kNobody),
       Present("*:82", SocketUser::kNobody)});
  EXPECT_EQ(choice.fates[0].kept, 0u);
  for (const std::size_t i : {1, 2}) {
    EXPECT_EQ(choice.fates[i].kept, std::nullopt);
    EXPECT_FALSE(choice.fates[i].is_beside) << "it would be refused";
    EXPECT_THAT(choice.fates[i].within, IsEmpty());
  }
}

TEST(SocketChoice, KeepsWhatIsForNobodyWithinAnAddressThatIsKept) {
  const SocketChoice choice = ChooseSockets(
      {Wanted("*:80"), Wanted("*:81", SocketUser::kMetrics)},
      {Present("127.0.0.1:80", SocketUser::kNobody), Present("*:80", SocketUser::kNobody),
       Present("127.0.0.1:81", SocketUser::kNobody), Present("*:81", SocketUser::kNobody)});
  EXPECT_EQ(choice.fates[0].kept, 1u);
  EXPECT_THAT(choice.fates[0].within, ElementsAre(0));
  EXPECT_EQ(choice.fates[1].kept, 3u);
  EXPECT_THAT(choice.fates[1].within, IsEmpty()) << "the master has one socket for it";
}

TEST(SocketChoice, GivesPortZeroWhatNoOtherAsksFor) {
  const SocketChoice choice = ChooseSockets(
      {Wanted("127.0.0.1:0"), Wanted("127.0.0.1:4711")},
      {PresentAt("127.0.0.1:0", "127.0.0.1:4711"), PresentAt("127.0.0.1:0", "127.0.0.1:4712")});
  EXPECT_EQ(choice.fates[0].kept, 1u);
  EXPECT_EQ(choice.fates[1].kept, 0u);
}

TEST(SocketChoice, TakesNoPortZeroForAnOverlap) {
  const SocketChoice choice =
      ChooseSockets({Wanted("*:0")}, {PresentAt("127.0.0.1:0", "127.0.0.1:4711")});
  EXPECT_FALSE(choice.fates[0].is_beside);
  EXPECT_THAT(choice.fates[0].within, IsEmpty());
  EXPECT_THAT(choice.dropped, ElementsAre(0));
}

TEST(SocketChoice, KeepsAUnixSocketByItsFileAndNotByItsPath) {
  const auto socket = [](std::uint64_t inode) {
    return PresentSocket{SocketUser::kService, *listen::Address::Parse("unix:/a"),
                         *listen::Address::Parse("unix:/a"), host::FileId{1, inode}};
  };
  const auto path = [](const std::string& address, std::optional<host::FileId> file) {
    return WantedSocket{SocketUser::kService, *listen::Address::Parse(address), file};
  };
  // Another path of the same file, a file that was replaced, and one that was removed.
  EXPECT_EQ(ChooseSockets({path("unix:/b", host::FileId{1, 7})}, {socket(7)}).fates[0].kept, 0u);
  for (const std::optional<host::FileId> file :
       {std::optional<host::FileId>({1, 8}), std::optional<host::FileId>()}) {
    const SocketChoice choice = ChooseSockets({path("unix:/a", file)}, {socket(7)});
    EXPECT_EQ(choice.fates[0].kept, std::nullopt);
    EXPECT_FALSE(choice.fates[0].is_beside);
    EXPECT_THAT(choice.dropped, ElementsAre(0));
  }
}

}  // namespace
}  // namespace muster::master
