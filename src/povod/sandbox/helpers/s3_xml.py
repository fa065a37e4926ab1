"""The XML that S3 speaks."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from xml.sax.saxutils import escape, unescape

from povod.sandbox.helpers.s3_store import S3Error, Stored, Upload

HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_KEY = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)
_PART = re.compile(r"<Part>(.*?)</Part>", re.DOTALL)
_NUMBER = re.compile(r"<PartNumber>\s*(\d+)\s*</PartNumber>")
_ETAG = re.compile(r"<ETag>\s*(.*?)\s*</ETag>")
MOST_KEYS = 1000


def error(code: str, message: str) -> str:
    """An error's body."""
    text = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    return f"{HEADER}<Error>{text}<RequestId>sandbox</RequestId></Error>"


def buckets(names: Iterable[str]) -> str:
    """ListBuckets."""
    items = "".join(f"<Bucket><Name>{escape(name)}</Name></Bucket>" for name in names)
    return (
        f"<ListAllMyBucketsResult{_NAMESPACE}><Owner><ID>sandbox</ID></Owner>"
        f"<Buckets>{items}</Buckets></ListAllMyBucketsResult>"
    )


def listing(bucket: str, objects: Mapping[str, Stored], query: Mapping[str, str]) -> str:
    """ListObjects and ListObjectsV2: prefix, delimiter, pages."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = query.get("continuation-token") or query.get("start-after") or query.get("marker", "")
    most = min(int(query.get("max-keys", MOST_KEYS)), MOST_KEYS)
    shown: dict[str, Stored | None] = {}
    cut = False
    for key in sorted(objects):
        name = _rolled_up(key, prefix, delimiter)
        if not key.startswith(prefix) or name <= after or name in shown:
            continue
        if len(shown) == most:
            cut = True
            break
        shown[name] = objects[key] if name == key else None
    last = escape(next(reversed(shown), ""))
    following = f"<NextContinuationToken>{last}</NextContinuationToken>" * cut
    contents = "".join(_content(key, stored) for key, stored in shown.items() if stored)
    folders = "".join(
        f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
        for name, stored in shown.items()
        if stored is None
    )
    return (
        f"<ListBucketResult{_NAMESPACE}><Name>{escape(bucket)}</Name>"
        f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{len(shown)}</KeyCount>"
        f"<MaxKeys>{most}</MaxKeys><IsTruncated>{str(cut).lower()}</IsTruncated>"
        f"{following}{contents}{folders}</ListBucketResult>"
    )


def uploads(bucket: str, under_way: Mapping[str, Upload]) -> str:
    """ListMultipartUploads."""
    items = "".join(
        f"<Upload><Key>{escape(upload.key)}</Key><UploadId>{number}</UploadId></Upload>"
        for number, upload in under_way.items()
        if upload.bucket == bucket
    )
    return (
        f"<ListMultipartUploadsResult{_NAMESPACE}><Bucket>{escape(bucket)}</Bucket>"
        f"<IsTruncated>false</IsTruncated>{items}</ListMultipartUploadsResult>"
    )


def initiated(bucket: str, key: str, number: str) -> str:
    """CreateMultipartUpload."""
    return (
        f"<InitiateMultipartUploadResult{_NAMESPACE}><Bucket>{escape(bucket)}</Bucket>"
        f"<Key>{escape(key)}</Key><UploadId>{number}</UploadId></InitiateMultipartUploadResult>"
    )


def completed(bucket: str, key: str, etag: str) -> str:
    """CompleteMultipartUpload."""
    return (
        f"<CompleteMultipartUploadResult{_NAMESPACE}><Bucket>{escape(bucket)}</Bucket>"
        f"<Key>{escape(key)}</Key><ETag>&quot;{etag}&quot;</ETag></CompleteMultipartUploadResult>"
    )


def copied(stored: Stored) -> str:
    """CopyObject."""
    return (
        f"<CopyObjectResult{_NAMESPACE}><ETag>&quot;{stored.etag}&quot;</ETag>"
        f"<LastModified>{_moment(stored.modified)}</LastModified></CopyObjectResult>"
    )


def deleted(keys: Iterable[str]) -> str:
    """DeleteObjects."""
    items = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
    return f"<DeleteResult{_NAMESPACE}>{items}</DeleteResult>"


def keys_of(body: bytes) -> list[str]:
    """The keys that a DeleteObjects names."""
    return [unescape(key) for key in _KEY.findall(body.decode())]


def parts_of(body: bytes) -> list[tuple[int, str]]:
    """(number, ETag) of the parts that a CompleteMultipartUpload names."""
    found = []
    for part in _PART.findall(body.decode()):
        number, etag = _NUMBER.search(part), _ETAG.search(part)
        if not number or not etag:
            raise S3Error(400, "MalformedXML", "a part has no number or no ETag")
        found.append((int(number[1]), unescape(etag[1], {"&quot;": '"'})))
    return found


def _rolled_up(key: str, prefix: str, delimiter: str) -> str:
    """The key itself, or the folder it lies in."""
    if not delimiter or not key.startswith(prefix):
        return key
    inner, mark, _ = key[len(prefix) :].partition(delimiter)
    return f"{prefix}{inner}{mark}"


def _content(key: str, stored: Stored) -> str:
    return (
        f"<Contents><Key>{escape(key)}</Key><LastModified>{_moment(stored.modified)}"
        f"</LastModified><ETag>&quot;{stored.etag}&quot;</ETag><Size>{stored.size}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S.000Z}"
