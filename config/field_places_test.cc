#include "muster/config/field_places.h"

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/config/config_mistake.h"
#include "muster/proto/field_error.h"

namespace muster::config {
namespace {

constexpr char kText[] = R"(worker_processes: 2
listen { address: "127.0.0.1:80" }
listen {
  address: "*:443"
}
http { access_log { path: "a.log" } }
)";

FieldPlaces Places() { return {"/m.textproto", kText, ConfigFormat::kText}; }

TEST(FieldPlaces, TellsLineAndColumnOfAField) {
  EXPECT_EQ(Places().Describe("worker_processes"), "/m.textproto:1:19: worker_processes");
  EXPECT_EQ(Places().Describe("listen[1].address"), "/m.textproto:4:12: listen[1].address");
  EXPECT_EQ(Places().Describe("http.access_log.path"), "/m.textproto:6:27: http.access_log.path");
}

TEST(FieldPlaces, TellsThemOfJsonToo) {
  const FieldPlaces places("/m.json", "{\n \"pidFile\": \"x\"\n}", ConfigFormat::kJson);
  EXPECT_EQ(places.Describe("pid_file"), "/m.json:2:13: pid_file");
}

TEST(FieldPlaces, HasNoPlaceForWhatIsNotWritten) {
  EXPECT_EQ(Places().Describe("pid_file"), "/m.textproto: pid_file");
  EXPECT_EQ(Places().Describe("listen[1].backlog"), "/m.textproto: listen[1].backlog");
  EXPECT_EQ(Places().Describe("zone[3].size_bytes"), "/m.textproto: zone[3].size_bytes");
}

TEST(FieldPlaces, TellsAFieldByItsNameWhereNoFileIsKnown) {
  EXPECT_EQ(FieldPlaces().Describe("listen[0].address"), "listen[0].address");
}

TEST(FieldPlaces, PutsThePlaceInFrontOfAnErrorThatHasAField) {
  const absl::Status trouble = absl::AlreadyExistsError("bind 127.0.0.1:80: Address in use");
  const absl::Status explained = Places().Explain(AtField(trouble, "listen[0].address"));
  EXPECT_EQ(explained.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(explained.message(),
            "/m.textproto:2:19: listen[0].address: bind 127.0.0.1:80: Address in use");
  EXPECT_EQ(Places().Explain(trouble), trouble);
  EXPECT_TRUE(Places().Explain(absl::OkStatus()).ok());
}

TEST(FieldPlaces, PutsThemBesideItForPrograms) {
  const absl::Status trouble = absl::AlreadyExistsError("listen[0].address: is in use");
  const auto mistakes = MistakesOf(Places().Explain(AtField(trouble, "listen[0].address")));
  ASSERT_EQ(mistakes.size(), 1u);
  EXPECT_EQ(mistakes[0].field, "listen[0].address");
  EXPECT_EQ(mistakes[0].line, 2);
  EXPECT_EQ(mistakes[0].column, 19);
  EXPECT_EQ(mistakes[0].problem, "is in use");
}

TEST(FieldPlaces, DoesNotRepeatAFieldThatTheMessageBeginsWith) {
  const absl::Status trouble =
      absl::NotFoundError("http.access_log.path: open a.log: No such file");
  EXPECT_EQ(Places().Explain(AtField(trouble, "http.access_log.path")).message(),
            "/m.textproto:6:27: http.access_log.path: open a.log: No such file");
}

TEST(FieldPlaces, CopesWithTextThatIsBroken) {
  const FieldPlaces places("/m", "listen { address: \"x\" } } }", ConfigFormat::kText);
  EXPECT_EQ(places.Describe("..[["), "/m: ..[[");
  EXPECT_EQ(places.Describe(""), "/m: ");
}

}  // namespace
}  // namespace muster::config
