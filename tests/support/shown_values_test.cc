#include "muster/tests/support/shown_values.h"

#include "gtest/gtest.h"

namespace muster::tests {
namespace {

TEST(ShownValues, MatchATextThatIsTheSame) {
  EXPECT_TRUE(ShownValues().Match("one\ntwo\n", "one\ntwo\n"));
}

TEST(ShownValues, MatchNoOtherText) {
  EXPECT_FALSE(ShownValues().Match("one\n", "two\n"));
  EXPECT_FALSE(ShownValues().Match("one\n", "one\ntwo\n"));
  EXPECT_FALSE(ShownValues().Match("one\ntwo\n", "one\n"));
  EXPECT_FALSE(ShownValues().Match("12 requests\n", "13 requests\n"));
}

TEST(ShownValues, PutWhatIsKnownInItsPlace) {
  ShownValues values;
  values.Know("/srv/muster", "/tmp/x");
  values.Know("8080", "41234");
  EXPECT_EQ(values.Actual("curl 127.0.0.1:8080 >/srv/muster/80801"),
            "curl 127.0.0.1:41234 >/tmp/x/80801");
  EXPECT_EQ(values.Shown("/tmp/x: 41234"), "/srv/muster: 8080");
  EXPECT_TRUE(values.Match("open /srv/muster/a\n", "open /tmp/x/a\n"));
  EXPECT_FALSE(values.Match("open /srv/a\n", "open /tmp/x/a\n"));
}

TEST(ShownValues, KeepWhatWasPutIn) {
  ShownValues values;
  values.Know("1", "2");
  values.Know("2", "3");
  EXPECT_EQ(values.Actual("1 2"), "2 3");
}

TEST(ShownValues, LearnWhichPidIsWhich) {
  ShownValues values;
  EXPECT_TRUE(values.Match("worker 0 (pid 11)\nworker 1 (pid 12)\n",
                           "worker 0 (pid 77)\nworker 1 (pid 78)\n"));
  EXPECT_EQ(values.Actual("kill -9 12"), "kill -9 78");
  EXPECT_FALSE(values.Match("worker 0 (pid 12)\n", "worker 0 (pid 77)\n"));
  EXPECT_FALSE(values.Match("worker 0 (pid 13)\n", "worker 0 (pid 77)\n"));
  EXPECT_TRUE(values.Match("worker 0 (pid 11)\n", "worker 0 (pid 77)\n"));
}

TEST(ShownValues, LearnNothingFromATextThatDoesNotMatch) {
  ShownValues values;
  EXPECT_FALSE(values.Match("pid 11\nright\n", "pid 77\nwrong\n"));
  EXPECT_EQ(values.Actual("kill 11"), "kill 11");
}

TEST(ShownValues, LearnPidsFromTheirColumnAndPassOverAges) {
  ShownValues values;
  EXPECT_TRUE(
      values.Match("WORKER  GEN   PID  AGE  LAST EXIT\n"
                   "0         1  4711  3m12s  killed by SIGKILL\n"
                   "ended     -     -  -    -\n"
                   "\n"
                   "0         1  4711  3m12s  -\n",
                   "WORKER  GEN     PID  AGE  LAST EXIT\n"
                   "0         1  123456   0s  killed by SIGKILL\n"
                   "ended     -       -    -  -\n"
                   "\n"
                   "0         1    4711  3m12s  -\n"));
  EXPECT_EQ(values.Actual("4711"), "123456");
  EXPECT_FALSE(
      values.Match("GEN  PID  AGE\n1    4711  0s\n", "GEN     PID  AGE\n2    123456   0s\n"));
}

TEST(ShownValues, PassOverTheLatenciesOfATable) {
  ShownValues values;
  EXPECT_TRUE(values.Match("WORKER  REQUESTS   P50  P99\n0              2  85us    -\n",
                           "WORKER  REQUESTS    P50  P99\n0              2  1.2ms    -\n"));
  EXPECT_FALSE(values.Match("WORKER  REQUESTS   P50  P99\n0              2  85us    -\n",
                            "WORKER  REQUESTS    P50  P99\n0              3  1.2ms    -\n"));
}

TEST(ShownValues, KnowTimesByTheirForm) {
  ShownValues values;
  EXPECT_TRUE(values.Match("2026-01-02 03:04:05.678 info    2 workers ready in 23ms\n",
                           "2027-11-12 13:14:15.167 info    2 workers ready in 1.2s\n"));
  EXPECT_FALSE(values.Match("no answer within 50ms\n", "no answer within 60ms\n"));
}

TEST(ShownValues, LeaveLinesOutWhereTheDocumentDoes) {
  ShownValues values;
  EXPECT_TRUE(values.Match("one\n...\nfour\n", "one\ntwo\nthree\nfour\n"));
  EXPECT_TRUE(values.Match("...\nfour\n", "four\n"));
  EXPECT_TRUE(values.Match("one\n...\n", "one\ntwo\n"));
  EXPECT_FALSE(values.Match("one\n...\nfive\n", "one\ntwo\nfour\n"));
}

TEST(ShownValues, DoNotLookAtTheSpacesBetweenColumns) {
  ShownValues values;
  EXPECT_TRUE(values.Match("a  b\n", "a      b\n"));
  EXPECT_FALSE(values.Match("a b\n", "a  b\n"));
}

}  // namespace
}  // namespace muster::tests
