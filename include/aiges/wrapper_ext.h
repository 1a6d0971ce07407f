/*
 * Optional functions beyond the AIGES ABI. An engine exports those it has; the host looks for each
 * when it loads the library and works without any of them. The rules at the head of wrapper.h hold.
 */
#ifndef AIGES_WRAPPER_EXT_H
#define AIGES_WRAPPER_EXT_H

#include "wrapper.h"

/* The version of this file. It grows only when a meaning changes; new functions do not change it.
 */
#define AIGES_WRAPPER_EXT_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The AIGES_WRAPPER_EXT_VERSION the engine was compiled with. The host calls it before wrapperInit
 * and refuses an engine that is newer than itself. An engine without it counts as version 1.
 */
WrapperAPI int wrapperAbiVersion(void);
typedef int (*wrapperAbiVersionPtr)(void);

/*
 * A JSON text (UTF-8) that describes the engine's inputs, parameters and outputs. The string
 * belongs to the engine and outlives the call (static); it is asked for once, after wrapperInit.
 * NULL or an empty text means there is none.
 */
WrapperAPI const char* wrapperSchema(void);
typedef const char* (*wrapperSchemaPtr)(void);

/*
 * Asks the engine to stop working on the request or session that usrTag names. Called at most once
 * per tag, from any thread, possibly while another thread is inside a call for the same tag,
 * possibly after the work has ended or at the moment it begins. It returns at once. A cancelled
 * request still ends as every request does: wrapperExec returns, or the callback is called,
 * preferably with an error number.
 */
WrapperAPI int wrapperCancel(const char* usrTag);
typedef int (*wrapperCancelPtr)(const char* usrTag);

/* One request of a batch: the arguments of wrapperExec, and its outcome. */
typedef struct BatchItem {
  const char* usrTag;
  pParamList params;
  pDataList reqData;
  unsigned int* psrIds;
  int psrCnt;
  int ret;            /* out: what wrapperExec would have returned */
  pDataList respData; /* out: freed by wrapperExecFree with this item's usrTag, when ret is 0 */
} BatchItem, *pBatchItem;

/*
 * Computes several independent requests at once; needs wrapperExecFree. A non-zero result fails
 * every item whose ret is 0, with that error number, and no item's output is freed then.
 */
WrapperAPI int wrapperBatchExec(pBatchItem items, int count);
typedef int (*wrapperBatchExecPtr)(pBatchItem items, int count);

#ifdef __cplusplus
}
#endif

#endif /* AIGES_WRAPPER_EXT_H */
