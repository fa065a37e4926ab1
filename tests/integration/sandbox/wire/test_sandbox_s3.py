"""The object store with the vendor's own client."""

import io
import os

import boto3
import httpx
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = "scraper-artifacts"
HTTP = httpx.Client(trust_env=False, verify=False, timeout=10)
KEY = "jobs/1/полный отчёт (1).csv"


def client(box, secret=None, access=None):
    environ = box.s3_environ()
    return boto3.client(
        "s3",
        endpoint_url=environ["S3_ENDPOINT"],
        aws_access_key_id=access or environ["S3_ACCESS_KEY"],
        aws_secret_access_key=secret or environ["S3_SECRET_KEY"],
        region_name=environ["S3_REGION"],
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"max_attempts": 1},
            connect_timeout=3,
        ),
    )


@pytest.fixture
def s3(box):
    made = client(box)
    for item in made.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        made.delete_object(Bucket=BUCKET, Key=item["Key"])
    return made


def code_of(error) -> str:
    return error.value.response["Error"]["Code"]


def test_put_get_head_delete(s3):
    s3.put_object(
        Bucket=BUCKET,
        Key=KEY,
        Body="цена;1".encode(),
        ContentType="text/csv",
        Metadata={"job": "1"},
    )
    got = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert got["Body"].read().decode() == "цена;1"
    assert (got["ContentType"], got["Metadata"]) == ("text/csv", {"job": "1"})
    head = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert head["ContentLength"] == len("цена;1".encode())
    assert head["ETag"] == got["ETag"]
    part = s3.get_object(Bucket=BUCKET, Key=KEY, Range="bytes=8-")
    assert (part["Body"].read(), part["ContentRange"]) == (b";1", "bytes 8-9/10")
    assert s3.get_object(Bucket=BUCKET, Key=KEY, Range="bytes=-1")["Body"].read() == b"1"
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=BUCKET, Key=KEY)
    assert code_of(error) == "NoSuchKey"
    with pytest.raises(ClientError) as error:
        s3.head_object(Bucket=BUCKET, Key=KEY)
    assert code_of(error) == "404"


def test_lists_in_pages_and_folders(s3):
    for n in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"jobs/{n}/a&b.csv", Body=b"x")
    s3.put_object(Bucket=BUCKET, Key="other", Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="jobs/", PaginationConfig={"PageSize": 2}
    )
    sizes = [[item["Key"] for item in page["Contents"]] for page in pages]
    assert [len(page) for page in sizes] == [2, 2, 1]
    assert sizes[0][0] == "jobs/0/a&b.csv"
    folders = s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")
    assert [item["Prefix"] for item in folders["CommonPrefixes"]] == ["jobs/"]
    assert [item["Key"] for item in folders["Contents"]] == ["other"]
    keys = [{"Key": f"jobs/{n}/a&b.csv"} for n in range(5)]
    assert len(s3.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})["Deleted"]) == 5
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1


def test_a_large_file_goes_in_parts(s3, box):
    data = os.urandom(12 << 20)
    s3.upload_fileobj(
        io.BytesIO(data), BUCKET, "big.xlsx", Config=TransferConfig(multipart_threshold=8 << 20)
    )
    head = s3.head_object(Bucket=BUCKET, Key="big.xlsx")
    assert head["ETag"].endswith('-2"')
    back = io.BytesIO()
    s3.download_fileobj(BUCKET, "big.xlsx", back)
    assert back.getvalue() == data
    assert box.get("/sandbox/s3")["uploads"] == []


def test_multipart_mistakes(s3):
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="m")["UploadId"]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == ["m"]
    parts = []
    for number in (1, 2):
        etag = s3.upload_part(
            Bucket=BUCKET, Key="m", UploadId=upload, PartNumber=number, Body=b"small"
        )["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    for given, code in (
        (parts, "EntityTooSmall"),
        ([{"PartNumber": 3, "ETag": "x"}], "InvalidPart"),
    ):
        with pytest.raises(ClientError) as error:
            s3.complete_multipart_upload(
                Bucket=BUCKET, Key="m", UploadId=upload, MultipartUpload={"Parts": given}
            )
        assert code_of(error) == code
    s3.abort_multipart_upload(Bucket=BUCKET, Key="m", UploadId=upload)
    with pytest.raises(ClientError) as error:
        s3.abort_multipart_upload(Bucket=BUCKET, Key="m", UploadId=upload)
    assert code_of(error) == "NoSuchUpload"


def test_buckets(s3):
    s3.create_bucket(Bucket="second")
    assert {"second", BUCKET} <= {item["Name"] for item in s3.list_buckets()["Buckets"]}
    assert s3.head_bucket(Bucket="second")["ResponseMetadata"]["HTTPStatusCode"] == 200
    s3.put_object(Bucket="second", Key="a", Body=b"1")
    s3.copy_object(Bucket="second", Key="b", CopySource={"Bucket": "second", "Key": "a"})
    assert s3.get_object(Bucket="second", Key="b")["Body"].read() == b"1"
    with pytest.raises(ClientError) as error:
        s3.delete_bucket(Bucket="second")
    assert code_of(error) == "BucketNotEmpty"
    for key in "ab":
        s3.delete_object(Bucket="second", Key=key)
    s3.delete_bucket(Bucket="second")
    with pytest.raises(ClientError) as error:
        s3.list_objects_v2(Bucket="second")
    assert code_of(error) == "NoSuchBucket"


@pytest.mark.parametrize(
    ("given", "code"),
    [({"secret": "wrong"}, "SignatureDoesNotMatch"), ({"access": "who"}, "InvalidAccessKeyId")],
)
def test_wrong_keys_are_refused(box, given, code):
    with pytest.raises(ClientError) as error:
        client(box, **given).list_objects_v2(Bucket=BUCKET)
    assert code_of(error) == code


def test_without_a_signature_nothing_is_told(box):
    endpoint = box.s3_environ()["S3_ENDPOINT"]
    assert HTTP.get(f"{endpoint}/{BUCKET}").status_code == 403


def test_a_signed_address_works_until_it_is_changed(s3):
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"1")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY})
    assert HTTP.get(url).content == b"1"
    assert HTTP.get(url.replace("1%29", "2%29")).status_code == 403


@pytest.mark.parametrize("mode", ["outage", "reset", "read_only"])
def test_outages_begin_and_end(s3, box, mode):
    box.post("/sandbox/s3/mode", {"mode": mode})
    with pytest.raises((ClientError, BotoCoreError)):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    box.post("/sandbox/s3/mode", {"mode": "ok"})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    assert box.get("/sandbox/s3")["buckets"][BUCKET] == {"a": 1}


class Streaming(S3SigV4Auth):
    """Signs a body in chunks whose trailer holds the checksum, as newer clients send it."""

    def payload(self, request):
        return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def test_a_body_in_signed_chunks_is_unwrapped(s3, box):
    environ = box.s3_environ()
    url = f"{environ['S3_ENDPOINT']}/{BUCKET}/chunks.txt"
    body = b"4\r\nabcd\r\n3\r\nefg\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"
    request = AWSRequest("PUT", url, headers={"Content-Encoding": "aws-chunked"}, data=body)
    keys = Credentials(environ["S3_ACCESS_KEY"], environ["S3_SECRET_KEY"])
    Streaming(keys, "s3", environ["S3_REGION"]).add_auth(request)
    answer = HTTP.put(url, content=body, headers=dict(request.headers.items()))
    assert answer.status_code == 200
    assert s3.get_object(Bucket=BUCKET, Key="chunks.txt")["Body"].read() == b"abcdefg"
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=BUCKET, Key="chunks.txt", Range="bytes=99-")
    assert code_of(error) == "InvalidRange"
