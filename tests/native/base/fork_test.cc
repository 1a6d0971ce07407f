#include "base/fork.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiges {
namespace {

// The exit status of a child that runs `body`; nothing of the test framework runs in it.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Fork, GenerationGrowsInTheChildOnly) {
  const unsigned here = fork_generation();
  EXPECT_EQ(in_child([here] { return static_cast<int>(fork_generation() - here); }), 1);
  EXPECT_EQ(fork_generation(), here);
}

TEST(Fork, GenerationGrowsWithEveryFork) {
  const unsigned here = fork_generation();
  const auto grandchild = [here] { return static_cast<int>(fork_generation() - here); };
  EXPECT_EQ(in_child([&] {
              const pid_t child = ::fork();
              if (child == 0) ::_exit(grandchild());
              int status = 0;
              ::waitpid(child, &status, 0);
              return WEXITSTATUS(status);
            }),
            2);
}

}  // namespace
}  // namespace aiges
