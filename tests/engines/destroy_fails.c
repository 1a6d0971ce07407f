/* wrapperDestroy answers error 25, and ends the process when it is called twice for a handle. */
#include "engine_kit.h"

typedef struct Session {
  int destroyed;
} Session;

/* Never given out twice: a second Destroy must be seen, not be a crash of another kind. */
static Session sessions[4096];
static unsigned int used;

KIT_LIFECYCLE()
KIT_ERROR("destroy_fails: still busy")

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  return &sessions[__atomic_fetch_add(&used, 1, __ATOMIC_SEQ_CST) % 4096];
}

int wrapperWrite(const void* handle, pDataList reqData) {
  (void)handle;
  (void)reqData;
  kit_enter(KIT_write);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  (void)handle;
  (void)respData;
  kit_enter(KIT_read);
  return 0;
}

int wrapperDestroy(const void* handle) {
  Session* session = (Session*)handle;
  kit_enter(KIT_destroy);
  if (session->destroyed != 0) abort();
  session->destroyed = 1;
  return 25;
}
