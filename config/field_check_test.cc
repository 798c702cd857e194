#include "muster/config/field_check.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"

namespace muster::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "field: problem" of each.
std::vector<std::string> Check(const std::string& text) {
  std::vector<std::string> found;
  const SyntaxTree tree(text, ConfigFormat::kText);
  for (const auto& misplaced : CheckFields(tree, v1::Config::descriptor())) {
    found.push_back(absl::StrCat(misplaced.mistake.field, ": ", misplaced.mistake.problem));
  }
  return found;
}

TEST(FieldCheck, FindsNothingInWhatIsRight) {
  EXPECT_THAT(
      Check("worker_processes: 2 listen {} listen { address: 'x' } accept_delay { nanos: 1 }"),
      IsEmpty());
}

TEST(FieldCheck, SuggestsTheFieldThatWasMeant) {
  EXPECT_THAT(Check("lisen {}"), ElementsAre("lisen: is unknown; did you mean \"listen\"?"));
}

TEST(FieldCheck, ListsThePossibleFieldsWhenNoneIsLikeIt) {
  EXPECT_THAT(
      Check("listen { port: 1 }"),
      ElementsAre(
          "listen[0].port: is unknown; possible here: address, backlog, mode, owner, group, "
          "name, proxy_protocol, max_connections_per_client"));
  EXPECT_THAT(Check("http { location { stub_status { on: true } } }"),
              ElementsAre("http.location[0].stub_status.on: is unknown; nothing can stand here"));
}

TEST(FieldCheck, TellsTheLineInWhichAFieldIsAlready) {
  EXPECT_THAT(Check("accept: MUTEX\npid_file: 'x'\naccept: EXCLUSIVE"),
              ElementsAre("accept: is given twice; it is in line 1, too"));
}

TEST(FieldCheck, TellsWhichFieldsExcludeEachOther) {
  EXPECT_THAT(Check("http { location {\n root: 'a'\n return {} } }"),
              ElementsAre("http.location[0].return: and root in line 2 exclude each other; keep "
                          "one"));
}

TEST(FieldCheck, LooksIntoEveryElementOfAList) {
  EXPECT_THAT(
      Check("listen [ { a: 1 }, { backlogs: 1 } ]"),
      ElementsAre("listen[0].a: is unknown; possible here: address, backlog, mode, owner, group, "
                  "name, proxy_protocol, max_connections_per_client",
                  "listen[1].backlogs: is unknown; did you mean \"backlog\"?"));
}

TEST(FieldCheck, LeavesTheConfigurationOfAServiceAlone) {
  EXPECT_THAT(Check("service { [type.example/my.Config] { port: 1 } }"), IsEmpty());
}

}  // namespace
}  // namespace muster::config
