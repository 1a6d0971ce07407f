/*
 * The AIGES engine ABI: the functions an engine library exports and the host calls.
 *
 * Names and signatures are those of AIGES's wrapper.h (github.com/iflytek/aiges,
 * cgo/header/widget/wrapper.h). The host needs wrapperInit, wrapperFini and wrapperError, and one
 * complete way of working:
 *
 *   once          wrapperExec + wrapperExecFree
 *   once_async    wrapperExecAsync
 *   stream        wrapperCreate + wrapperWrite + wrapperRead + wrapperDestroy
 *   stream_async  wrapperCreate + wrapperWrite + wrapperDestroy, results through the callback
 *
 * Everything else is optional. Unless a function says otherwise:
 *   ownership  arguments belong to the host and are valid until the function returns; the engine
 * must not write to them; results    an int result of 0 is success, anything else is the engine's
 * own error number, which the host turns into text with wrapperError; threads    any thread may
 * call, several at once; calls on one session handle never overlap, but may come from different
 * threads; exceptions none may leave an engine function (the host contains them, but cannot clean
 * up). docs/abi.md states what the host does in every case on which this file is silent.
 */
#ifndef AIGES_WRAPPER_H
#define AIGES_WRAPPER_H

#include "type.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Host functions an engine may receive through wrapperSetCtrl. They may be called from any thread
 * between the begin of wrapperInit and that of wrapperFini; they return 0, or -1 after
 * that. What they are told is recorded whatever usrTag is: engines pass a sid there, or nothing.
 * usrTag is that of the request concerned, strings are copied before the call returns.
 */
typedef int (*wrapperMeterCustom)(const char* usrTag, const char* meterKey, int count);
typedef int (*wrapperTraceLog)(const char* usrTag, const char* key, const char* value);
typedef int (*wrapperMetricsLog)(const char* usrTag, const char* key, const char* value);

/*
 * Optional. Hands one host function to the engine, before wrapperInit, once per CtrlType.
 * func stays valid for the life of the process. A non-zero result means "not wanted" and is no
 * error.
 */
WrapperAPI int wrapperSetCtrl(CtrlType type, void* func);
typedef int (*wrapperSetCtrlPtr)(CtrlType type, void* func);

/* Called once, before any other call but wrapperSetCtrl. cfg is the engine's configuration. */
WrapperAPI int wrapperInit(pConfig cfg);
typedef int (*wrapperInitPtr)(pConfig cfg);

/* Called once after a successful wrapperInit, when no other call is running and no output is held.
 */
WrapperAPI int wrapperFini(void);
typedef int (*wrapperFiniPtr)(void);

/* The text of an error number. The string belongs to the engine and outlives the call (static). */
WrapperAPI const char* wrapperError(int errNum);
typedef const char* (*wrapperErrorPtr)(int errNum);

/* Optional. The engine's version. The string belongs to the engine and outlives the call (static).
 */
WrapperAPI const char* wrapperVersion(void);
typedef const char* (*wrapperVersionPtr)(void);

/*
 * Optional. Loads a personal resource, one node, that later requests name by resId (chosen by the
 * host, never 0, unique while loaded).
 */
WrapperAPI int wrapperLoadRes(pDataList perData, unsigned int resId);
typedef int (*wrapperLoadResPtr)(pDataList perData, unsigned int resId);

/* Optional. Forgets a resource. No request that names it is running. */
WrapperAPI int wrapperUnloadRes(unsigned int resId);
typedef int (*wrapperUnloadResPtr)(unsigned int resId);

/*
 * The host's function for asynchronous results; the engine calls it, from any thread of its own or
 * within wrapperExecAsync / wrapperWrite.
 *   usrTag    the text given to wrapperExecAsync or wrapperCreate; an equal copy will do
 *   respData  the engine's; the host copies it before it returns. Ignored when ret is not 0
 *   ret       0, or the engine's error number
 * Returns 0 when the result was taken, -1 when the tag is unknown or already finished.
 */
typedef int (*wrapperCallback)(const void* usrTag, pDataList respData, int ret);

/*
 * Opens a session.
 *   usrTag   names the session; valid until wrapperDestroy has returned
 *   params   always holds the key "sid"
 *   cb       NULL when results are fetched with wrapperRead
 *   psrIds   psrCnt resource ids, or NULL and 0
 *   errNum   out: 0, or the engine's error number; the host sets it to 0 before the call
 * Returns an opaque handle. NULL or a non-zero errNum is a failure, after which the host does not
 * call wrapperDestroy.
 */
WrapperAPI const void* wrapperCreate(const char* usrTag, pParamList params, wrapperCallback cb,
                                     unsigned int psrIds[], int psrCnt, int* errNum);
typedef const void* (*wrapperCreatePtr)(const char* usrTag, pParamList params, wrapperCallback cb,
                                        unsigned int psrIds[], int psrCnt, int* errNum);

/* Gives the next input of a session: one node per stream. */
WrapperAPI int wrapperWrite(const void* handle, pDataList reqData);
typedef int (*wrapperWritePtr)(const void* handle, pDataList reqData);

/*
 * Fetches the next output of a session without waiting long; NULL in *respData means "nothing yet".
 * The list belongs to the engine and is valid until the next wrapperRead or wrapperDestroy of the
 * session.
 */
WrapperAPI int wrapperRead(const void* handle, pDataList* respData);
typedef int (*wrapperReadPtr)(const void* handle, pDataList* respData);

/* Closes a session; exactly once for every successful wrapperCreate. */
WrapperAPI int wrapperDestroy(const void* handle);
typedef int (*wrapperDestroyPtr)(const void* handle);

/*
 * Computes one request and waits for the result.
 *   usrTag    names the request; valid until wrapperExecFree has returned
 *   respData  out: the engine's list, valid until wrapperExecFree; the host sets it to NULL before
 * Concurrent calls are the normal case.
 */
WrapperAPI int wrapperExec(const char* usrTag, pParamList params, pDataList reqData,
                           pDataList* respData, unsigned int psrIds[], int psrCnt);
typedef int (*wrapperExecPtr)(const char* usrTag, pParamList params, pDataList reqData,
                              pDataList* respData, unsigned int psrIds[], int psrCnt);

/*
 * Frees the output of one successful wrapperExec: once, with the head pointer as it was given, from
 * any thread. Not called after a wrapperExec that failed.
 */
WrapperAPI int wrapperExecFree(const char* usrTag, pDataList* respData);
typedef int (*wrapperExecFreePtr)(const char* usrTag, pDataList* respData);

/*
 * Starts one request and returns; the result comes through callback, once.
 *   usrTag    names the request; valid until the final callback has returned
 *   reqData   copy what is needed after the call returns
 *   timeout   milliseconds the host will wait, 0 for no limit
 */
WrapperAPI int wrapperExecAsync(const char* usrTag, pParamList params, pDataList reqData,
                                wrapperCallback callback, int timeout, unsigned int psrIds[],
                                int psrCnt);
typedef int (*wrapperExecAsyncPtr)(const char* usrTag, pParamList params, pDataList reqData,
                                   wrapperCallback callback, int timeout, unsigned int psrIds[],
                                   int psrCnt);

/*
 * Optional. What the engine has to say about a session, asked at most once just before
 * wrapperDestroy or on demand. The string belongs to the engine, valid until wrapperDestroy.
 */
WrapperAPI const char* wrapperDebugInfo(const void* handle);
typedef const char* (*wrapperDebugInfoPtr)(const void* handle);

#ifdef __cplusplus
}
#endif

#endif /* AIGES_WRAPPER_H */
